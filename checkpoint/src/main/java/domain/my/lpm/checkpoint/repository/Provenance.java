package domain.my.lpm.checkpoint.repository;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a checkpoint comes from.
 *
 * @param owner whom it was made for
 * @param architecture the machine's, by Go's names: amd64, arm64
 * @param kernel the kernel's release
 * @param criuVersion CRIU's version, null where it is not known
 * @param runtime who made it: cri-o, containerd, podman or launcher
 * @param createdAt when it was made
 * @param labels anything else worth keeping
 */
public record Provenance(
        Owner owner,
        String architecture,
        String kernel,
        @Nullable String criuVersion,
        String runtime,
        Instant createdAt,
        Map<String, String> labels) {
    public Provenance {
        labels = Map.copyOf(labels);
    }

    Provenance withRuntime(String other) {
        return new Provenance(owner, architecture, kernel, criuVersion, other, createdAt, labels);
    }
}
