package domain.my.lpm.agent.node;

import java.nio.file.Path;

/**
 * Where launchers find what they need, as they see it.
 *
 * @param directory for their pipes and status, on the node's disk
 * @param repository the shared storage
 * @param staging a directory on a disk of the node
 * @param trustedKeys the public keys whose signatures are accepted
 * @param signingKey the private key that signs
 */
public record Places(Path directory, Path repository, Path staging, Path trustedKeys, Path signingKey) {}
