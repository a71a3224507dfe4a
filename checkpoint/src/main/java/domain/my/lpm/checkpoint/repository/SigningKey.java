package domain.my.lpm.checkpoint.repository;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;

/** An ed25519 key pair. */
public final class SigningKey implements ManifestSigner {
    private final PrivateKey privateKey;
    private final PublicKey publicKey;
    private final String keyId;

    private SigningKey(PrivateKey privateKey, PublicKey publicKey) {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
        this.keyId = Keys.id(publicKey);
    }

    /** A new key. */
    public static SigningKey generate() {
        try {
            KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            return new SigningKey(pair.getPrivate(), pair.getPublic());
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java has no Ed25519; use a complete one", impossible);
        }
    }

    /**
     * Reads a private key, PKCS#8 as PEM ({@code openssl genpkey -algorithm ed25519}).
     *
     * @throws IllegalArgumentException when it is no such key
     */
    public static SigningKey parse(String pem) {
        try {
            PrivateKey key = KeyFactory.getInstance("Ed25519")
                    .generatePrivate(new PKCS8EncodedKeySpec(Keys.decode(pem, "PRIVATE KEY")));
            return new SigningKey(key, publicKey((EdECPrivateKey) key));
        } catch (InvalidKeySpecException problem) {
            throw new IllegalArgumentException(
                    "the signing key is no ed25519 key in PKCS#8 form; make one with openssl genpkey -algorithm ed25519",
                    problem);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java has no Ed25519; use a complete one", impossible);
        }
    }

    /**
     * Reads the key of {@link #parse} from a file.
     *
     * @throws IOException when the file cannot be read
     */
    public static SigningKey load(Path file) throws IOException {
        return parse(Files.readString(file, StandardCharsets.US_ASCII));
    }

    @Override
    public String keyId() {
        return keyId;
    }

    @Override
    public byte[] sign(byte[] bytes) {
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(privateKey);
            signature.update(bytes);
            return signature.sign();
        } catch (GeneralSecurityException problem) {
            throw new IllegalStateException("signing failed with the key " + keyId + "; replace the key", problem);
        }
    }

    /** The private key as {@link #parse} reads it. */
    public String toPem() {
        return Keys.encode(privateKey.getEncoded(), "PRIVATE KEY");
    }

    /** The public key, X.509 as PEM, as {@link TrustedKeys} reads it. */
    public String publicPem() {
        return Keys.encode(publicKey.getEncoded(), "PUBLIC KEY");
    }

    /** Java derives no public key from a private one, but its key generator does: it is given the seed as its chance. */
    private static PublicKey publicKey(EdECPrivateKey key) throws GeneralSecurityException {
        byte[] seed = key.getBytes().orElseThrow();
        KeyPairGenerator generator = KeyPairGenerator.getInstance("Ed25519");
        generator.initialize(NamedParameterSpec.ED25519, new FixedRandom(seed));
        PublicKey publicKey = generator.generateKeyPair().getPublic();
        Arrays.fill(seed, (byte) 0);
        return publicKey;
    }

    private static final class FixedRandom extends java.security.SecureRandom {
        private static final long serialVersionUID = 1L;

        private final byte[] bytes;

        private FixedRandom(byte[] bytes) {
            this.bytes = bytes.clone();
        }

        @Override
        public void nextBytes(byte[] into) {
            System.arraycopy(bytes, 0, into, 0, into.length);
        }
    }
}
