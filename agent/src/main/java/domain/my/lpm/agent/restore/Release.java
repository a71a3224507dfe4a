package domain.my.lpm.agent.restore;

import domain.my.lpm.checkpoint.repository.CheckpointUri;

/**
 * From which checkpoint a container continues.
 *
 * @param container its name
 * @param uri the checkpoint
 * @param digest of its manifest, {@code sha256:} and 64 hexadecimal digits
 */
public record Release(String container, CheckpointUri uri, String digest) {}
