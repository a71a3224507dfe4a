package domain.my.lpm.sandbox.demo;

import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.LogLine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a migration led to.
 *
 * @param status the launcher's
 * @param said what the launcher printed
 * @param before the source's processes when nothing of it ran any more
 * @param after the target's processes when they ran
 * @param source all that the source printed
 * @param sourceLinesWhenHeld how many lines that were when nothing of it ran any more
 * @param sourceProcessesLeft processes of the source after it was fenced
 * @param target what the target printed
 * @param exitCode the target's exit code; null while it runs
 * @param volumeLines the lines of the counter's file on its volume, as the target has it
 */
record Outcome(
        Status status,
        String said,
        List<ProcessPicture> before,
        List<ProcessPicture> after,
        List<LogLine> source,
        int sourceLinesWhenHeld,
        int sourceProcessesLeft,
        List<LogLine> target,
        @Nullable Integer exitCode,
        List<String> volumeLines) {}
