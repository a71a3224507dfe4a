package domain.my.lpm.sandbox.demo;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.LogLine;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a migration that succeeded led to.
 *
 * @param migration as it ended
 * @param applied when it was applied
 * @param sourceNode the node it left
 * @param targetNode the node it went to
 * @param containers the containers of the pod, the one that is shown first
 * @param volumeLines the lines of the counter's file on its volume, as the copy has it
 */
record Outcome(
        PodMigration migration,
        Instant applied,
        String sourceNode,
        String targetNode,
        List<Moved> containers,
        List<String> volumeLines) {

    /**
     * One container.
     *
     * @param name its name
     * @param before the source's processes before they were ended
     * @param after the copy's processes when they ran
     * @param source all that the source printed
     * @param sourceProcessesLeft processes of the source after the migration
     * @param target what the copy printed
     * @param exitCode the copy's exit code; null while it runs
     * @param stepsMillis what each step of the launcher in the copy took, in milliseconds, in their order
     */
    record Moved(
            String name,
            List<ProcessPicture> before,
            List<ProcessPicture> after,
            List<LogLine> source,
            int sourceProcessesLeft,
            List<LogLine> target,
            @Nullable Integer exitCode,
            Map<String, Double> stepsMillis) {}

    /** The container that is shown. */
    Moved shown() {
        return containers.get(0);
    }
}
