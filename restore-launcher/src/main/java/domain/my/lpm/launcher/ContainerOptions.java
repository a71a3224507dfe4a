package domain.my.lpm.launcher;

import domain.my.lpm.checkpoint.repository.Owner;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What every command needs to know of the container it works on. Not final fields: picocli fills them. */
final class ContainerOptions {
    @Option(
            names = "--pid",
            paramLabel = "PID",
            defaultValue = "${env:LPM_PID}",
            description = "The container's first process as seen from here, when the launcher runs outside of it"
                    + " (privileges: agent). Without it, the launcher runs inside (privileges: pod). [LPM_PID]")
    private @Nullable Integer pid;

    @Option(
            names = "--repository",
            paramLabel = "DIR",
            defaultValue = "${env:LPM_REPOSITORY:-/repository}",
            description = "The shared storage. [LPM_REPOSITORY, default /repository]")
    private Path repository = Path.of("/repository");

    @Option(
            names = "--staging",
            paramLabel = "DIR",
            defaultValue = "${env:LPM_STAGING:-/staging}",
            description = "A directory on a disk of the node, for memory that has to be decompressed."
                    + " [LPM_STAGING, default /staging]")
    private Path staging = Path.of("/staging");

    @Option(
            names = "--namespace",
            paramLabel = "NAME",
            required = true,
            defaultValue = "${env:LPM_NAMESPACE}",
            description = "Namespace of the pod that was, or is, checkpointed. [LPM_NAMESPACE]")
    private String namespace = "";

    @Option(
            names = "--pod",
            paramLabel = "NAME",
            required = true,
            defaultValue = "${env:LPM_POD}",
            description = "Name of that pod. [LPM_POD]")
    private String pod = "";

    @Option(
            names = "--container",
            paramLabel = "NAME",
            required = true,
            defaultValue = "${env:LPM_CONTAINER}",
            description = "Name of its container. [LPM_CONTAINER]")
    private String container = "";

    @Option(
            names = "--volume",
            paramLabel = "NAME=PATH",
            split = ",",
            defaultValue = "${env:LPM_VOLUMES}",
            description =
                    "A volume whose content travels, and where it is mounted; repeatable. Without a path it is another"
                            + " container's of the pod to restore it. [LPM_VOLUMES]")
    private @Nullable Map<String, String> volumes;

    @Option(
            names = "--deadline",
            paramLabel = "DURATION",
            converter = Seconds.class,
            defaultValue = "${env:LPM_DEADLINE:-120s}",
            description = "How long CRIU may take, for example 90s or 5m. [LPM_DEADLINE, default 120s]")
    private Duration deadline = Duration.ofSeconds(120);

    @Option(
            names = "--criu",
            paramLabel = "PROGRAM",
            defaultValue = "${env:LPM_CRIU:-/usr/sbin/criu}",
            description = "CRIU in the toolkit. [LPM_CRIU, default /usr/sbin/criu]")
    private String criu = "";

    Optional<Integer> pid() {
        return Optional.ofNullable(pid);
    }

    Path repository() {
        return repository.toAbsolutePath().normalize();
    }

    Path staging() {
        return staging.toAbsolutePath().normalize();
    }

    Owner owner() {
        return new Owner(namespace, pod, container);
    }

    Map<String, String> volumes() {
        return volumes == null ? Map.of() : new LinkedHashMap<>(volumes);
    }

    Duration deadline() {
        return deadline;
    }

    String criu() {
        return criu;
    }

    /** A whole number with the unit {@code s} or {@code m}. */
    static final class Seconds implements ITypeConverter<Duration> {
        private static final int MAXIMUM_DIGITS = 6;

        @Override
        public Duration convert(String text) {
            String number = text.isEmpty() ? "" : text.substring(0, text.length() - 1);
            if (number.isEmpty()
                    || number.length() > MAXIMUM_DIGITS
                    || !number.chars().allMatch(digit -> digit >= '0' && digit <= '9')
                    || !(text.endsWith("s") || text.endsWith("m"))) {
                throw new TypeConversionException("'" + text + "' is no duration; write for example 90s or 5m");
            }
            long value = Long.parseLong(number);
            return text.endsWith("m") ? Duration.ofMinutes(value) : Duration.ofSeconds(value);
        }
    }
}
