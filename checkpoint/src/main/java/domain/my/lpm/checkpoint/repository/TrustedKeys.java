package domain.my.lpm.checkpoint.repository;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The public keys whose signatures count. */
public final class TrustedKeys {
    private final Map<String, PublicKey> keys;

    private TrustedKeys(Map<String, PublicKey> keys) {
        this.keys = keys;
    }

    /**
     * Trusts ed25519 public keys in PEM form ({@code openssl pkey -pubout}).
     *
     * @throws IllegalArgumentException when one is no such key
     */
    public static TrustedKeys of(List<String> pems) {
        Map<String, PublicKey> keys = new HashMap<>();
        for (String pem : pems) {
            try {
                PublicKey key = KeyFactory.getInstance("Ed25519")
                        .generatePublic(new X509EncodedKeySpec(Keys.decode(pem, "PUBLIC KEY")));
                keys.put(Keys.id(key), key);
            } catch (InvalidKeySpecException problem) {
                throw new IllegalArgumentException(
                        "a trusted key is no ed25519 public key; give what openssl pkey -pubout writes", problem);
            } catch (GeneralSecurityException impossible) {
                throw new IllegalStateException("this Java has no Ed25519; use a complete one", impossible);
            }
        }
        return new TrustedKeys(keys);
    }

    /**
     * Trusts the key in each file of a directory whose name ends in {@code .pem}.
     *
     * @throws IOException when the directory or a key cannot be read
     * @throws IllegalArgumentException when one is no ed25519 public key
     */
    public static TrustedKeys load(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> listed = Files.list(directory)) {
            files = listed.filter(file -> file.toString().endsWith(".pem")).toList();
        }
        List<String> pems = new ArrayList<>();
        for (Path file : files) {
            pems.add(Files.readString(file, StandardCharsets.US_ASCII));
        }
        return of(pems);
    }

    /** The names of the keys; see {@link ManifestSigner#keyId}. */
    public Set<String> keyIds() {
        return Set.copyOf(keys.keySet());
    }

    boolean knows(String keyId) {
        return keys.containsKey(keyId);
    }

    boolean verify(String keyId, byte[] bytes, byte[] signed) {
        PublicKey key = keys.get(keyId);
        if (key == null) {
            return false;
        }
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initVerify(key);
            signature.update(bytes);
            return signature.verify(signed);
        } catch (SignatureException wrongForm) {
            return false;
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java has no Ed25519; use a complete one", impossible);
        }
    }
}
