package domain.my.lpm.webhook.certificate;

import java.io.IOException;
import java.util.Optional;

/** Where certificates and their keys are kept, for all replicas of a server: a directory, or a Secret. */
public interface CertificateStore {
    /**
     * What is stored.
     *
     * @return empty when nothing is stored
     * @throws IOException when it cannot be read or does not fit together, naming the place and the remedy
     */
    Optional<Credentials> load() throws IOException;

    /**
     * Stores {@code made} in place of {@code seen}, all of it or nothing.
     *
     * @param seen what {@link #load} gave
     * @return false, with nothing changed, when something else is stored by now; load it
     * @throws IOException when it cannot be written
     */
    boolean replace(Optional<Credentials> seen, Credentials made) throws IOException;
}
