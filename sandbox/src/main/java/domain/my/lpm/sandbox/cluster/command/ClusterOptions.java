package domain.my.lpm.sandbox.cluster.command;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which cluster a command works on, and in which namespace. */
final class ClusterOptions {
    @Option(names = "--work", hidden = true, defaultValue = "${sys:lpm.work}")
    private @Nullable Path work;

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NAME",
            defaultValue = "default",
            description = "The namespace. [${DEFAULT-VALUE}]")
    String namespace = "default";

    ApiClient client() {
        return new ApiClient(new ClusterFiles(Objects.requireNonNull(work, "--work is missing: ./lpm sets it")).read());
    }
}
