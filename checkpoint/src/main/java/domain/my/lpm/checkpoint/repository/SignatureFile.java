package domain.my.lpm.checkpoint.repository;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The signature beside a description: one line, the key's name, a blank, the ed25519 signature (RFC 8032) of the
 * description's bytes in base64.
 *
 * @param state what the signature is worth
 * @param keyId the key that the file names, null where there is no readable signature
 */
record SignatureFile(SignatureState state, @Nullable String keyId) {
    private static final int MAXIMUM_BYTES = 1024;

    static byte[] sign(ManifestSigner signer, byte[] description) {
        String line = signer.keyId() + " " + Base64.getEncoder().encodeToString(signer.sign(description)) + "\n";
        return line.getBytes(StandardCharsets.US_ASCII);
    }

    static SignatureFile check(Path file, byte[] description, TrustedKeys keys) throws IOException {
        String line;
        try {
            if (Files.size(file) > MAXIMUM_BYTES) {
                return new SignatureFile(SignatureState.WRONG, null);
            }
            line = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException missing) {
            return new SignatureFile(SignatureState.MISSING, null);
        }
        int blank = line.indexOf(' ');
        if (blank != 16 || !line.endsWith("\n")) {
            return new SignatureFile(SignatureState.WRONG, null);
        }
        String keyId = line.substring(0, blank);
        if (!keys.knows(keyId)) {
            return new SignatureFile(SignatureState.UNKNOWN_KEY, keyId);
        }
        byte[] signature;
        try {
            signature = Base64.getDecoder().decode(line.substring(blank + 1, line.length() - 1));
        } catch (IllegalArgumentException noBase64) {
            return new SignatureFile(SignatureState.WRONG, keyId);
        }
        boolean valid = keys.verify(keyId, description, signature);
        return new SignatureFile(valid ? SignatureState.TRUSTED : SignatureState.WRONG, keyId);
    }

    /**
     * @throws CheckpointException if the signature does not make the description trustworthy
     */
    void require(String thing) {
        switch (state) {
            case TRUSTED -> {}
            case MISSING ->
                throw new CheckpointException(
                        Reason.UNSIGNED, thing, "it has no signature", "take the checkpoint again with a signing key");
            case UNKNOWN_KEY ->
                throw new CheckpointException(
                        Reason.WRONG_SIGNATURE,
                        thing,
                        "it is signed by the key " + printable() + ", which is not trusted",
                        "trust the key if it is one of your agents', else refuse the checkpoint");
            case WRONG ->
                throw new CheckpointException(
                        Reason.WRONG_SIGNATURE,
                        thing,
                        "its signature does not fit its manifest",
                        "one of them was changed; refuse the checkpoint and take it again");
        }
    }

    private String printable() {
        return keyId == null ? "?" : keyId.replaceAll("[^0-9a-f]", "?");
    }
}
