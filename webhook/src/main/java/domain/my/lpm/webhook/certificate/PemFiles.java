package domain.my.lpm.webhook.certificate;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Credentials as PEM texts with names: {@code tls.crt}, {@code tls.key}, {@code ca.crt} and, where the authority is ours, {@code ca.key}. */
final class PemFiles {
    private static final String CERTIFICATE = "tls.crt";
    private static final String KEY = "tls.key";
    private static final String AUTHORITIES = "ca.crt";
    private static final String AUTHORITY_KEY = "ca.key";

    static final List<String> NAMES = List.of(CERTIFICATE, KEY, AUTHORITIES, AUTHORITY_KEY);

    private PemFiles() {}

    static Map<String, String> of(Credentials credentials) {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put(CERTIFICATE, Pem.certificates(credentials.serving().chain()));
        texts.put(KEY, Pem.key(credentials.serving().key()));
        texts.put(AUTHORITIES, Pem.certificates(credentials.trusted()));
        credentials.signer().ifPresent(signer -> texts.put(AUTHORITY_KEY, Pem.key(signer.key())));
        return texts;
    }

    /**
     * Reads credentials; further texts are passed over.
     *
     * @param place names where the text of a name lies, for messages
     * @return empty when there is neither certificate nor key
     * @throws IOException when they do not fit together, naming the place and the remedy
     */
    static Optional<Credentials> read(Map<String, String> texts, UnaryOperator<String> place) throws IOException {
        if (!texts.containsKey(CERTIFICATE) && !texts.containsKey(KEY)) {
            return Optional.empty();
        }
        Identity serving = identity(
                place,
                KEY,
                required(texts, KEY, place),
                CERTIFICATE,
                certificates(place, CERTIFICATE, required(texts, CERTIFICATE, place)));
        String authorities = texts.get(AUTHORITIES);
        List<X509Certificate> trusted = authorities == null ? List.of() : certificates(place, AUTHORITIES, authorities);
        String authorityKey = texts.get(AUTHORITY_KEY);
        Optional<Identity> signer = authorityKey == null
                ? Optional.empty()
                : Optional.of(identity(
                        place,
                        AUTHORITY_KEY,
                        authorityKey,
                        AUTHORITIES,
                        trusted.stream().limit(1).toList()));
        return Optional.of(new Credentials(serving, trusted, signer));
    }

    private static String required(Map<String, String> texts, String name, UnaryOperator<String> place)
            throws IOException {
        String text = texts.get(name);
        if (text == null) {
            throw new IOException("%s is missing; put both %s and %s there, or neither"
                    .formatted(place.apply(name), CERTIFICATE, KEY));
        }
        return text;
    }

    private static List<X509Certificate> certificates(UnaryOperator<String> place, String name, String text)
            throws IOException {
        try {
            return Pem.readCertificates(text);
        } catch (IOException damaged) {
            throw new IOException(
                    "%s is no use: %s; put it there anew".formatted(place.apply(name), damaged.getMessage()), damaged);
        }
    }

    private static Identity identity(
            UnaryOperator<String> place,
            String keyName,
            String key,
            String certificateName,
            List<X509Certificate> chain)
            throws IOException {
        try {
            return new Identity(Pem.readKey(key), chain);
        } catch (IOException | IllegalArgumentException unfit) {
            throw new IOException(
                    "%s and %s are no use: %s; put both there anew"
                            .formatted(place.apply(keyName), place.apply(certificateName), unfit.getMessage()),
                    unfit);
        }
    }
}
