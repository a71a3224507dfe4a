package domain.my.lpm.webhook.server;

import domain.my.lpm.webhook.admission.Admission;
import domain.my.lpm.webhook.certificate.Credentials;
import domain.my.lpm.webhook.certificate.ReloadingKeyManager;
import domain.my.lpm.webhook.certificate.Rotation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A server on the loopback interface and a client of it. */
public record Serving(AdmissionServer server, Client client, Credentials credentials) implements AutoCloseable {
    public static final ServerOptions OPTIONS = new ServerOptions(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            8,
            1024 * 1024,
            Duration.ofSeconds(30),
            Duration.ZERO,
            Duration.ofSeconds(30));

    public static Serving start(ServerOptions options, Map<String, Admission> admissions) throws IOException {
        InstantSource clock = InstantSource.system();
        Credentials credentials = new Rotation(
                        Set.of("localhost"), Duration.ofDays(90), Duration.ofDays(365), Duration.ofHours(1))
                .next(Optional.empty(), clock.instant());
        ReloadingKeyManager keys = new ReloadingKeyManager();
        keys.show(credentials.serving());
        AdmissionServer server =
                AdmissionServer.start(options, keys, admissions, () -> keys.canServe(clock.instant()), () -> "");
        return new Serving(server, new Client(server.address(), credentials::trusted, clock), credentials);
    }

    /** A client that shares no connection with the others. */
    public Client another() {
        return new Client(server.address(), credentials::trusted, InstantSource.system());
    }

    @Override
    public void close() {
        server.close();
    }
}
