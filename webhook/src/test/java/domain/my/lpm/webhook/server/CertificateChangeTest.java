package domain.my.lpm.webhook.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.webhook.admission.Admission;
import domain.my.lpm.webhook.certificate.CertificateKeeper;
import domain.my.lpm.webhook.certificate.Credentials;
import domain.my.lpm.webhook.certificate.DirectoryCertificateStore;
import domain.my.lpm.webhook.certificate.ReloadingKeyManager;
import domain.my.lpm.webhook.certificate.Rotation;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponseBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates that change under a server that runs. */
class CertificateChangeTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Admission ALLOW = request -> new AdmissionResponseBuilder()
            .withUid(request.about().getUid())
            .withAllowed(true)
            .build();
    private static final String REVIEW = """
            {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "a"}}""";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    private final SetClock clock = new SetClock();
    private final ReloadingKeyManager keys = new ReloadingKeyManager();

    /** A year and a half in steps of a day, while clients connect anew for each request, and one stays connected. */
    @Test
    void noRequestFailsWhileCertificatesAndAuthoritiesSucceedEachOther() throws Exception {
        Rotation rotation =
                new Rotation(Set.of("localhost"), Duration.ofDays(30), Duration.ofDays(120), Duration.ofDays(3));
        DirectoryCertificateStore store = new DirectoryCertificateStore(directory);
        AtomicReference<List<X509Certificate>> trusted = new AtomicReference<>(List.of());
        Set<X509Certificate> authorities = new HashSet<>();
        Set<X509Certificate> served = new HashSet<>();
        ExecutorService clients = Executors.newCachedThreadPool();
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger requests = new AtomicInteger();
        try (CertificateKeeper keeper =
                new CertificateKeeper(store, Optional.of(rotation), keys, told -> trusted.set(told.trusted()), clock)) {
            keeper.refresh();
            try (AdmissionServer server = AdmissionServer.start(
                    Serving.OPTIONS, keys, Map.of("/decide", ALLOW), () -> keys.canServe(clock.instant()), () -> "")) {
                List<Future<?>> running = new ArrayList<>();
                Client connected = new Client(server.address(), trusted::get, clock);
                for (int i = 0; i < 3; i++) {
                    boolean stays = i == 0;
                    running.add(clients.submit(() -> {
                        while (!over.get()) {
                            Client client = stays ? connected : new Client(server.address(), trusted::get, clock);
                            assertThat(client.post("/decide", REVIEW).statusCode())
                                    .isEqualTo(200);
                            requests.incrementAndGet();
                        }
                        return null;
                    }));
                }
                for (int day = 0; day < 548; day++) {
                    clock.advance(Duration.ofDays(1));
                    int before = requests.get();
                    keeper.refresh();
                    authorities.addAll(trusted.get());
                    served.add(keys.identity().orElseThrow().certificate());
                    while (day % 10 == 0
                            && requests.get() < before + 3
                            && running.stream().noneMatch(Future::isDone)) {
                        Thread.sleep(1);
                    }
                }
                over.set(true);
                for (Future<?> client : running) {
                    client.get();
                }
                assertThat(connected.get("/readyz").statusCode()).isEqualTo(200);
            }
        } finally {
            over.set(true);
            clients.shutdownNow();
        }

        assertThat(served).hasSizeBetween(25, 30);
        assertThat(authorities).hasSizeBetween(5, 7);
        assertThat(requests).hasValueGreaterThan(150);
    }

    @Test
    void takesUpMountedCertificatesThatChangeAndKeepsThemWhenTheyAreDamaged() throws Exception {
        Rotation rotation =
                new Rotation(Set.of("localhost"), Duration.ofDays(30), Duration.ofDays(120), Duration.ofDays(3));
        Credentials first = rotation.next(Optional.empty(), START);
        Credentials second = rotation.next(Optional.empty(), START);
        DirectoryCertificateStore issuer = new DirectoryCertificateStore(directory);
        issuer.replace(Optional.empty(), first);
        List<List<X509Certificate>> told = new ArrayList<>();
        try (CertificateKeeper keeper = new CertificateKeeper(
                new DirectoryCertificateStore(directory),
                Optional.empty(),
                keys,
                credentials -> told.add(credentials.trusted()),
                clock)) {
            keeper.refresh();
            try (AdmissionServer server = AdmissionServer.start(
                    Serving.OPTIONS, keys, Map.of("/decide", ALLOW), () -> keys.canServe(clock.instant()), () -> "")) {
                Client trustsFirst = new Client(server.address(), first::trusted, clock);
                assertThat(trustsFirst.post("/decide", REVIEW).statusCode()).isEqualTo(200);

                issuer.replace(Optional.of(first), second);
                keeper.refresh();

                assertThat(new Client(server.address(), second::trusted, clock)
                                .post("/decide", REVIEW)
                                .statusCode())
                        .isEqualTo(200);
                assertThatThrownBy(() -> new Client(server.address(), first::trusted, clock).post("/decide", REVIEW))
                        .isInstanceOf(IOException.class);
                assertThat(trustsFirst.post("/decide", REVIEW).statusCode())
                        .as("connected before")
                        .isEqualTo(200);

                Files.writeString(directory.resolve("tls.key").toRealPath(), "damaged");
                assertThatThrownBy(keeper::refresh)
                        .isInstanceOf(IOException.class)
                        .hasMessage(("%s/tls.key and %s/tls.crt are no use: there is no unencrypted private key;"
                                        + " put both there anew")
                                .formatted(directory, directory));
                assertThat(new Client(server.address(), second::trusted, clock)
                                .post("/decide", REVIEW)
                                .statusCode())
                        .isEqualTo(200);

                clock.advance(Duration.ofDays(30));
                assertThat(trustsFirst.get("/readyz").statusCode()).isEqualTo(503);
                assertThat(trustsFirst.get("/readyz").body()).isEqualTo("there is no valid certificate\n");
                assertThat(trustsFirst.get("/healthz").statusCode()).isEqualTo(200);
            }
        }
        assertThat(told.stream().distinct()).containsExactly(first.trusted(), second.trusted());
    }

    @Test
    void waitsForCertificatesThatAreNotMountedYet() {
        try (CertificateKeeper keeper = new CertificateKeeper(
                new DirectoryCertificateStore(directory), Optional.empty(), keys, told -> {}, clock)) {
            assertThatThrownBy(keeper::refresh)
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "there are no certificates in the store; wait until they are issued, or let them be built in");
        }
    }

    @Test
    void oneReplicaRenewsAndTheOtherTakesItUp() throws IOException {
        Rotation rotation =
                new Rotation(Set.of("localhost"), Duration.ofDays(30), Duration.ofDays(120), Duration.ofDays(3));
        ReloadingKeyManager others = new ReloadingKeyManager();
        try (CertificateKeeper one = new CertificateKeeper(
                        new DirectoryCertificateStore(directory), Optional.of(rotation), keys, told -> {}, clock);
                CertificateKeeper other = new CertificateKeeper(
                        new DirectoryCertificateStore(directory), Optional.of(rotation), others, told -> {}, clock)) {
            one.refresh();
            other.refresh();
            assertThat(others.identity()).isEqualTo(keys.identity()).isPresent();

            clock.advance(Duration.ofDays(20));
            other.refresh();
            assertThat(others.identity()).isNotEqualTo(keys.identity());
            one.refresh();
            assertThat(others.identity()).isEqualTo(keys.identity());
        }
    }

    @Test
    void showsNothingThatTheAuthoritysFollowersHaveNotHeardOf() throws IOException {
        Rotation rotation =
                new Rotation(Set.of("localhost"), Duration.ofDays(30), Duration.ofDays(120), Duration.ofDays(3));
        AtomicBoolean broken = new AtomicBoolean(true);
        List<List<X509Certificate>> told = new ArrayList<>();
        try (CertificateKeeper keeper = new CertificateKeeper(
                new DirectoryCertificateStore(directory),
                Optional.of(rotation),
                keys,
                credentials -> {
                    if (broken.get()) {
                        throw new IOException("nobody can be told");
                    }
                    told.add(credentials.trusted());
                },
                clock)) {
            assertThatThrownBy(keeper::refresh).hasMessage("nobody can be told");
            assertThat(keys.identity()).isEmpty();

            broken.set(false);
            keeper.refresh();
            assertThat(told).hasSize(1);
            assertThat(keys.identity()).isPresent();
        }
    }

    private static final class SetClock implements InstantSource {
        private volatile Instant now = START;

        void advance(Duration step) {
            now = now.plus(step);
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
