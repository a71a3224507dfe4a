package domain.my.lpm.webhook.certificate;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A private key and the certificates that say whose it is.
 *
 * @param key the private key: EC, RSA or Ed25519
 * @param chain the certificate of the key, followed by those which lead from it towards the authority; at least one
 */
public record Identity(PrivateKey key, List<X509Certificate> chain) {
    /**
     * @throws IllegalArgumentException when there is no certificate, or the first is not that of the key
     */
    public Identity {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("there is no certificate beside the private key");
        }
        if (!belongTogether(key, chain.get(0).getPublicKey())) {
            throw new IllegalArgumentException("the private key is not that of the certificate of "
                    + chain.get(0).getSubjectX500Principal().getName());
        }
    }

    /** The certificate of the key itself. */
    public X509Certificate certificate() {
        return chain.get(0);
    }

    /** Names the certificate, never the key. */
    @Override
    public String toString() {
        return "certificate %s of %s, valid until %s"
                .formatted(
                        certificate().getSerialNumber().toString(16),
                        certificate().getSubjectX500Principal().getName(),
                        certificate().getNotAfter().toInstant());
    }

    private static boolean belongTogether(PrivateKey key, PublicKey certified) {
        try {
            byte[] message = {1};
            Signature signature = Signature.getInstance(
                    switch (key.getAlgorithm()) {
                        case "EC" -> "SHA256withECDSA";
                        case "RSA" -> "SHA256withRSA";
                        default -> key.getAlgorithm();
                    });
            signature.initSign(key);
            signature.update(message);
            byte[] signed = signature.sign();
            signature.initVerify(certified);
            signature.update(message);
            return signature.verify(signed);
        } catch (GeneralSecurityException otherKind) {
            return false;
        }
    }
}
