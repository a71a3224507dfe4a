package domain.my.lpm.checkpoint.repository;

/** Signs manifests by ed25519. */
public interface ManifestSigner {
    /** Names the key: the first 16 hexadecimal digits of the SHA-256 of its X.509 SubjectPublicKeyInfo. */
    String keyId();

    /** The ed25519 signature of {@code bytes}, 64 bytes. */
    byte[] sign(byte[] bytes);
}
