package domain.my.lpm.sandbox.cluster;

import domain.my.lpm.sandbox.cluster.tls.Authority;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Who somebody is to the others of a cluster: {@code tls.crt}, {@code tls.key} and {@code ca.crt}, as a mounted Secret has them. */
public final class Certificates {
    /** The common name by which agents know the controller. */
    public static final String CONTROLLER = "lpm-controller";

    /** The name by which the controller knows every agent. */
    public static final String AGENT = "lpm-agent";

    private Certificates() {}

    /** Issues those of an agent into a directory, which is made. */
    public static Path writeOfAgent(Authority authority, String commonName, Path directory) {
        return write(authority.issue(commonName, AGENT), authority, directory);
    }

    /** Issues those of the controller into a directory, which is made. */
    public static Path writeOfController(Authority authority, Path directory) {
        return write(authority.issue(CONTROLLER), authority, directory);
    }

    private static Path write(Authority.Identity identity, Authority authority, Path directory) {
        try {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve("tls.crt"), identity.certificatePem());
            Files.writeString(directory.resolve("tls.key"), identity.keyPem());
            Files.writeString(directory.resolve("ca.crt"), authority.pem());
            return directory;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot write certificates to " + directory, error);
        }
    }
}
