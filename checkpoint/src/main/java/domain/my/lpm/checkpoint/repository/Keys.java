package domain.my.lpm.checkpoint.repository;

import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.util.Base64;

/** Keys as PEM (RFC 7468), and their names. */
final class Keys {
    private Keys() {}

    static String id(PublicKey key) {
        return Sha256.hex(Sha256.of(key.getEncoded())).substring(0, 16);
    }

    static byte[] decode(String pem, String label) {
        String begin = "-----BEGIN " + label + "-----";
        String end = "-----END " + label + "-----";
        int from = pem.indexOf(begin);
        int to = pem.indexOf(end);
        if (from < 0 || to < from) {
            throw new IllegalArgumentException(
                    "a key has no '" + begin + "'; give an ed25519 key in PEM form, as openssl writes it");
        }
        try {
            return Base64.getMimeDecoder().decode(pem.substring(from + begin.length(), to));
        } catch (IllegalArgumentException problem) {
            throw new IllegalArgumentException(
                    "a key is damaged, its base64 ends too early; give the whole key in PEM form", problem);
        }
    }

    static String encode(byte[] bytes, String label) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(bytes)
                + "\n-----END " + label + "-----\n";
    }
}
