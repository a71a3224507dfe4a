package domain.my.lpm.webhook.certificate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.util.io.pem.PemObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryCertificateStoreTest {
    private static final Rotation ROTATION = new Rotation(
            Set.of("webhook.lpm-system.svc"), Duration.ofDays(90), Duration.ofDays(365), Duration.ofHours(1));
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path parent;

    @Test
    void keepsWhatIsStored() throws IOException {
        DirectoryCertificateStore store = new DirectoryCertificateStore(parent.resolve("new"));
        assertThat(store.load()).isEmpty();
        Credentials first = made();

        assertThat(store.replace(Optional.empty(), first)).isTrue();
        assertThat(store.load()).contains(first);

        Credentials second = made();
        assertThat(store.replace(Optional.of(first), second)).isTrue();
        assertThat(new DirectoryCertificateStore(parent.resolve("new")).load()).contains(second);
    }

    @Test
    void doesNotReplaceWhatSomebodyElseStoredMeanwhile() throws IOException {
        DirectoryCertificateStore store = new DirectoryCertificateStore(parent);
        Credentials first = made();
        store.replace(Optional.empty(), first);

        assertThat(store.replace(Optional.empty(), made())).isFalse();
        assertThat(store.load()).contains(first);
    }

    @Test
    void letsNobodyButTheOwnerReadKeys() throws IOException {
        Path directory = parent.resolve("new");
        new DirectoryCertificateStore(directory).replace(Optional.empty(), made());

        assertThat(permissions(directory)).isEqualTo("rwx------");
        assertThat(permissions(directory.resolve("..data").toRealPath())).isEqualTo("rwx------");
        assertThat(permissions(directory.resolve("tls.key").toRealPath())).isEqualTo("rw-------");
        assertThat(permissions(directory.resolve("ca.key").toRealPath())).isEqualTo("rw-------");
    }

    @Test
    void keepsTheFormerVersionAndNoMore() throws IOException {
        DirectoryCertificateStore store = new DirectoryCertificateStore(parent);
        for (int i = 0; i < 5; i++) {
            store.replace(store.load(), made());
        }

        try (Stream<Path> entries = Files.list(parent)) {
            assertThat(entries.filter(entry -> entry.getFileName().toString().startsWith("..version-")))
                    .hasSize(2);
        }
    }

    @Test
    void isNeverSeenHalfReplaced() throws Exception {
        DirectoryCertificateStore store = new DirectoryCertificateStore(parent);
        Credentials even = made();
        Credentials odd = made();
        store.replace(Optional.empty(), even);
        AtomicBoolean stop = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            try {
                while (!stop.get()) {
                    Credentials now = store.load().orElseThrow();
                    store.replace(Optional.of(now), now.equals(even) ? odd : even);
                    Thread.sleep(5);
                }
            } catch (IOException | InterruptedException failed) {
                throw new IllegalStateException(failed);
            }
        });
        writer.start();
        try {
            for (int i = 0; i < 200; i++) {
                assertThat(store.load().orElseThrow()).isIn(even, odd);
            }
        } finally {
            stop.set(true);
            writer.join();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA"})
    void readsPlainFilesWithKeysAsOpensslWritesThem(String algorithm) throws Exception {
        Credentials made = made();
        PrivateKey key = key(algorithm);
        if (algorithm.equals("EC")) {
            key = made.serving().key();
        }
        Files.writeString(
                parent.resolve("tls.crt"), Pem.certificates(made.serving().chain()));
        Files.writeString(parent.resolve("tls.key"), traditional(key));
        DirectoryCertificateStore store = new DirectoryCertificateStore(parent);

        assertThat(traditional(key)).startsWith("-----BEGIN " + algorithm + " PRIVATE KEY-----");
        if (algorithm.equals("EC")) {
            Credentials loaded = store.load().orElseThrow();
            assertThat(loaded.serving().certificate()).isEqualTo(made.serving().certificate());
            assertThat(loaded.trusted()).isEmpty();
            assertThat(loaded.signer()).isEmpty();
        } else {
            assertThat(Pem.readKey(traditional(key))).isEqualTo(key);
            assertThatThrownBy(store::load)
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            ("%s/tls.key and %s/tls.crt are no use: the private key is not that of the certificate of"
                                            + " CN=live-pod-migration webhook; put both there anew")
                                    .formatted(parent, parent));
        }
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        Credentials made = made();
        DirectoryCertificateStore store = new DirectoryCertificateStore(parent);
        Files.writeString(
                parent.resolve("tls.crt"), Pem.certificates(made.serving().chain()));
        assertThatThrownBy(store::load)
                .isInstanceOf(IOException.class)
                .hasMessage(parent + "/tls.key is missing; put both tls.crt and tls.key there, or neither");

        Files.writeString(parent.resolve("tls.key"), "nothing");
        assertThatThrownBy(store::load)
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "%s/tls.key and %s/tls.crt are no use: there is no unencrypted private key; put both there anew"
                                .formatted(parent, parent));

        Files.writeString(parent.resolve("tls.key"), Pem.key(made.serving().key()));
        Files.writeString(parent.resolve("tls.crt"), "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
        assertThatThrownBy(store::load)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(parent + "/tls.crt is no use: ")
                .hasMessageEndingWith("; put it there anew");

        Files.writeString(parent.resolve("tls.crt"), "");
        assertThatThrownBy(store::load)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no certificate beside the private key");
    }

    @Test
    void doesNotPrintKeys() {
        assertThat(made().serving().toString())
                .matches("certificate [0-9a-f]+ of CN=live-pod-migration webhook, valid until 2026-04-01T00:00:00Z");
    }

    private static Credentials made() {
        return ROTATION.next(Optional.empty(), NOW);
    }

    private static PrivateKey key(String algorithm) throws GeneralSecurityException {
        return KeyPairGenerator.getInstance(algorithm).generateKeyPair().getPrivate();
    }

    private static String traditional(PrivateKey key) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(
                    key instanceof ECPrivateKey curve
                            ? new PemObject(
                                    "EC PRIVATE KEY",
                                    new org.bouncycastle.asn1.sec.ECPrivateKey(
                                                    256, curve.getS(), SECObjectIdentifiers.secp256r1)
                                            .getEncoded())
                            : key);
        }
        return text.toString();
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
