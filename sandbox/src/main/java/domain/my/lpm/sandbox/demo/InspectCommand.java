package domain.my.lpm.sandbox.demo;

import domain.my.lpm.checkpoint.inspect.Inspection;
import domain.my.lpm.checkpoint.inspect.InspectionJson;
import domain.my.lpm.checkpoint.inspect.InspectionText;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what is in a checkpoint. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Says what is in a checkpoint, and what stands in the way of its restore. Reads only.",
        footer = {"", "Exit codes: 0 it was read; 1 it cannot be read, the reason is printed; 2 wrong options."})
public final class InspectCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "CHECKPOINT",
            description =
                    "A runtime's archive (tar, also compressed), a directory of CRIU images, a checkpoint's directory in a"
                            + " repository, or shared://<podUID>/<checkpointID>/<container> with --repository.")
    private String checkpoint = "";

    @Option(names = "--repository", paramLabel = "DIR", description = "Where shared:// leads.")
    private @Nullable Path repository;

    @Option(
            names = "--trusted-keys",
            paramLabel = "DIR",
            description = "Public keys (*.pem) to hold the signature of a stored checkpoint against.")
    private @Nullable Path trustedKeys;

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        try (CheckpointFiles files = CheckpointFiles.open(checkpoint, repository, keys())) {
            Inspection inspection = files.inspect();
            // Not System.out, whose encoding is the locale's.
            PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            if (json) {
                out.println(InspectionJson.of(inspection));
            } else {
                files.remarks().forEach(out::println);
                out.print(InspectionText.of(inspection));
            }
            return 0;
        }
    }

    private TrustedKeys keys() {
        if (trustedKeys == null) {
            return TrustedKeys.of(List.of());
        }
        try {
            return TrustedKeys.load(trustedKeys);
        } catch (IOException error) {
            throw new UncheckedIOException(
                    "cannot read the keys in " + trustedKeys + ": name a directory of *.pem files", error);
        }
    }
}
