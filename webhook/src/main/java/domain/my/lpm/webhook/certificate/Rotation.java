package domain.my.lpm.webhook.certificate;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Says what the certificates should be at an instant. Without I/O and without a clock of its own.
 *
 * <p>A server's certificate is renewed after two thirds of its validity. An authority is succeeded while it can still vouch
 * for one more certificate's whole life: the successor is trusted beside it at once, and signs only after {@code overlap}, by
 * when every client has heard of it.
 *
 * @param dnsNames what clients call the server
 * @param servingValidity of the server's certificate
 * @param authorityValidity of the authority's, longer than {@code servingValidity} and {@code overlap} together
 * @param overlap how long a new authority is trusted before it signs: the longest time until all clients trust it; at most a
 *     third of {@code servingValidity}
 */
public record Rotation(Set<String> dnsNames, Duration servingValidity, Duration authorityValidity, Duration overlap) {
    /** The type of a DNS name among a certificate's alternative names (RFC 5280, 4.2.1.6). */
    private static final Integer DNS_NAME = 2;

    private static final Issuer ISSUER = new Issuer(new SecureRandom());

    /**
     * @throws IllegalArgumentException when there is no name, or a duration is out of its range
     */
    public Rotation {
        dnsNames = Set.copyOf(dnsNames);
        require(!dnsNames.isEmpty(), "there is no DNS name to issue a certificate for; give one at least");
        require(overlap.compareTo(Duration.ZERO) > 0, "the overlap of authorities must be longer than nothing");
        require(
                overlap.multipliedBy(3).compareTo(servingValidity) <= 0,
                "the overlap of authorities, %s, is more than a third of the validity of the server's certificate, %s;"
                                .formatted(overlap, servingValidity)
                        + " shorten the first or lengthen the second");
        require(
                authorityValidity.compareTo(servingValidity.plus(overlap)) > 0,
                "the validity of the authority, %s, must be longer than that of the server's certificate and the overlap, %s;"
                                .formatted(authorityValidity, servingValidity.plus(overlap))
                        + " lengthen it");
    }

    /**
     * What should be stored, given what is.
     *
     * @return {@code stored} itself when nothing is to be done yet
     */
    public Credentials next(Optional<Credentials> stored, Instant now) {
        return stored.filter(credentials -> isValid(credentials.serving().certificate(), now) && isTrusted(credentials))
                .map(credentials -> renewed(credentials, now))
                .orElseGet(() -> anew(stored, now));
    }

    private Credentials renewed(Credentials stored, Instant now) {
        Optional<Identity> lasting = stored.signer().filter(signer -> !mustBeSucceeded(signer, now));
        Identity signer = lasting.orElseGet(() -> ISSUER.authority(now, authorityValidity));
        List<X509Certificate> trusted = Stream.concat(Stream.of(signer.certificate()), stored.trusted().stream())
                .distinct()
                .filter(authority -> isValid(authority, now))
                .toList();
        boolean named = namesOf(stored.serving().certificate()).equals(new TreeSet<>(dnsNames));
        boolean due = !now.isBefore(renewal(stored.serving().certificate())) && isKnown(signer, now);
        if (named && !due && lasting.isPresent() && trusted.equals(stored.trusted())) {
            return stored;
        }
        return new Credentials(
                named && !due ? stored.serving() : ISSUER.server(signer, dnsNames, now, servingValidity),
                trusted,
                Optional.of(signer));
    }

    /** Nobody can be served by what is stored, so nothing is gained by waiting for clients to trust the authority. */
    private Credentials anew(Optional<Credentials> stored, Instant now) {
        Identity signer = stored.flatMap(Credentials::signer)
                .filter(authority -> !mustBeSucceeded(authority, now))
                .orElseGet(() -> ISSUER.authority(now, authorityValidity));
        List<X509Certificate> trusted = Stream.concat(
                        Stream.of(signer.certificate()),
                        stored.map(Credentials::trusted).stream().flatMap(List::stream))
                .distinct()
                .filter(authority -> isValid(authority, now))
                .toList();
        return new Credentials(ISSUER.server(signer, dnsNames, now, servingValidity), trusted, Optional.of(signer));
    }

    private boolean mustBeSucceeded(Identity authority, Instant now) {
        Instant end = authority.certificate().getNotAfter().toInstant();
        return !now.plus(servingValidity).plus(overlap).isBefore(end);
    }

    private boolean isKnown(Identity signer, Instant now) {
        Instant made = signer.certificate().getNotBefore().toInstant().plus(Issuer.CLOCK_DIFFERENCE);
        return !now.isBefore(made.plus(overlap));
    }

    private static Instant renewal(X509Certificate certificate) {
        Instant start = certificate.getNotBefore().toInstant().plus(Issuer.CLOCK_DIFFERENCE);
        Duration validity = Duration.between(start, certificate.getNotAfter().toInstant());
        return start.plus(validity.multipliedBy(2).dividedBy(3));
    }

    static boolean isValid(X509Certificate certificate, Instant now) {
        return !now.isBefore(certificate.getNotBefore().toInstant())
                && now.isBefore(certificate.getNotAfter().toInstant());
    }

    private static boolean isTrusted(Credentials credentials) {
        return credentials.trusted().stream().anyMatch(authority -> {
            try {
                credentials.serving().certificate().verify(authority.getPublicKey());
                return true;
            } catch (GeneralSecurityException notItsSigner) {
                return false;
            }
        });
    }

    static Set<String> namesOf(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null
                    ? Set.of()
                    : names.stream()
                            .filter(name -> DNS_NAME.equals(name.get(0)))
                            .map(name -> String.valueOf(name.get(1)))
                            .collect(Collectors.toCollection(TreeSet::new));
        } catch (CertificateParsingException damaged) {
            return Set.of();
        }
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
