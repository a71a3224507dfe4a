package domain.my.lpm.webhook.certificate;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * All that a server's certificates consist of.
 *
 * @param serving what the server shows to its clients
 * @param trusted the authorities that clients are to trust, the newest first; several while one succeeds another; empty when
 *     whoever issued the certificate makes its authority known in another way
 * @param signer the newest authority with its key, when it is ours
 */
public record Credentials(Identity serving, List<X509Certificate> trusted, Optional<Identity> signer) {
    public Credentials {
        trusted = List.copyOf(trusted);
    }

    /** The trusted authorities as PEM, as a {@code caBundle} holds them before its Base64. */
    public String trustedAsPem() {
        return Pem.certificates(trusted);
    }
}
