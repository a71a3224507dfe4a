package domain.my.lpm.agent.checkpoint;

import java.util.List;

/**
 * A stored checkpoint of a pod. It is kept beside the checkpoint, as the answer to a repeated call.
 *
 * @param containers in the order in which they were stopped
 * @param volumes those whose content is stored
 */
public record PodArtifact(List<ContainerArtifact> containers, List<VolumeArtifact> volumes) {
    public PodArtifact {
        containers = List.copyOf(containers);
        volumes = List.copyOf(volumes);
    }

    /**
     * One container's part.
     *
     * @param container its name
     * @param uri {@code shared://…}, with the archive's name where there is one
     * @param digest of the manifest
     * @param sizeBytes in the repository
     * @param taker who took it
     * @param criuVersion of the CRIU that dumped it; may be empty
     * @param runtime who made it
     * @param architecture by Go's names
     * @param frozenAtMillis when its dump began, since the call began, in milliseconds
     * @param dumpedAtMillis when its dump was done
     */
    public record ContainerArtifact(
            String container,
            String uri,
            String digest,
            long sizeBytes,
            CheckpointOrder.Taker taker,
            String criuVersion,
            String runtime,
            String architecture,
            long frozenAtMillis,
            long dumpedAtMillis) {}

    /**
     * A volume's part.
     *
     * @param volume its name
     * @param sizeBytes in the repository
     */
    public record VolumeArtifact(String volume, long sizeBytes) {}
}
