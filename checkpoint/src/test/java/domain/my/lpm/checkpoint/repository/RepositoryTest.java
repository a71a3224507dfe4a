package domain.my.lpm.checkpoint.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RepositoryTest {
    private final Path root;
    private final Repository repository;
    private final Path stored;

    RepositoryTest(@TempDir Path directory) throws IOException {
        this.root = directory;
        this.repository = new Repository(root);
        this.stored = Checkpoints.URI.directory(root);
        byte[] archive = Checkpoints.tar("", Checkpoints.crio());
        Ingest.run(
                ArchiveSource.tar(new ByteArrayInputStream(archive)),
                root,
                Checkpoints.URI,
                Checkpoints.PROVENANCE,
                Checkpoints.KEY,
                Options.of(Form.BOTH));
    }

    private StoredContainer open() {
        return repository.open(Checkpoints.URI, Checkpoints.KEYS, Checkpoints.EXPECTED);
    }

    private static void assertRefused(ThrowingCallable call, Reason reason, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        CheckpointException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(reason))
                .hasMessageContaining(message);
    }

    private void flip(String name, double where) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(stored.resolve(name).toFile(), "rw")) {
            long position = (long) (where * (file.length() - 1));
            file.seek(position);
            int value = file.read();
            file.seek(position);
            file.write(value ^ 0x10);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 0.7, 1})
    void aChangedArchiveIsFound(double where) throws IOException {
        flip("dump.tar.zst", where);
        StoredContainer container = open();
        List<String> names = container.files().stream().map(StoredFile::name).toList();
        assertRefused(
                () -> container.verifyAll(names, ForkJoinPool.commonPool()),
                Reason.CORRUPT,
                "does not have the digest that was signed");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 0.7, 1})
    void aChangedImageIsFoundHoweverItIsRead(double where) throws IOException {
        String name = "checkpoint/pages-1.img";
        flip("images/pages-1.img", where);
        StoredContainer container = open();
        String message = "does not have the digest that was signed; the storage or someone changed it";
        assertRefused(() -> container.verify(name, ForkJoinPool.commonPool()), Reason.CORRUPT, message);
        assertRefused(() -> container.read(name, 16 << 20), Reason.CORRUPT, message);
        assertRefused(() -> container.open(name).readAllBytes(), Reason.CORRUPT, message);
        assertRefused(() -> container.copyVerified(name, root.resolve("copy")), Reason.CORRUPT, message);
        assertThat(root.resolve("copy")).doesNotExist();
        container.verify("checkpoint/pages-2.img", Runnable::run);
    }

    @Test
    void aShortenedOrMissingImageIsFound() throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(stored.resolve("images/pages-1.img").toFile(), "rw")) {
            file.setLength(file.length() - 1);
        }
        Files.delete(stored.resolve("images/core-1.img"));
        assertRefused(
                () -> open().verify("checkpoint/pages-1.img", Runnable::run), Reason.CORRUPT, "it is no plain file of");
        assertRefused(
                () -> open().verify("checkpoint/core-1.img", Runnable::run), Reason.MISSING, "the file is not there");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 0.7, 1})
    void aChangedManifestIsFound(double where) throws IOException {
        flip("manifest.json", where);
        assertRefused(this::open, Reason.WRONG_SIGNATURE, "its signature does not fit its manifest");
        flip("manifest.json", where);
        flip("manifest.sig", where);
        assertRefused(this::open, Reason.WRONG_SIGNATURE, "refuse the checkpoint");
    }

    @Test
    void aCheckpointMustBeSignedByATrustedKey() throws IOException {
        TrustedKeys others = TrustedKeys.of(List.of(SigningKey.generate().publicPem()));
        assertRefused(
                () -> repository.open(Checkpoints.URI, others, Checkpoints.EXPECTED),
                Reason.WRONG_SIGNATURE,
                "signed by the key " + Checkpoints.KEY.keyId() + ", which is not trusted");
        assertThat(repository.inspect(Checkpoints.URI, others).signature()).isEqualTo(SignatureState.UNKNOWN_KEY);
        assertThat(repository.inspect(Checkpoints.URI, Checkpoints.KEYS).signature())
                .isEqualTo(SignatureState.TRUSTED);
        Files.delete(stored.resolve("manifest.sig"));
        assertRefused(this::open, Reason.UNSIGNED, "it has no signature");
        assertThat(repository.inspect(Checkpoints.URI, Checkpoints.KEYS).signature())
                .isEqualTo(SignatureState.MISSING);
    }

    @Test
    void aCheckpointOfAnotherIsRefused() {
        Expected otherPod = new Expected(new Owner("shop", "counter-1", "counter"), "amd64");
        assertRefused(
                () -> repository.open(Checkpoints.URI, Checkpoints.KEYS, otherPod),
                Reason.OTHER_OWNER,
                "it was made for shop/counter-0/counter, not for shop/counter-1/counter");
        Expected otherMachine = new Expected(Checkpoints.OWNER, "arm64");
        assertRefused(
                () -> repository.open(Checkpoints.URI, Checkpoints.KEYS, otherMachine),
                Reason.OTHER_ARCHITECTURE,
                "it was made on amd64, this node is arm64");
    }

    @Test
    void aCheckpointUnderAnotherNameIsRefused() throws IOException {
        CheckpointUri other = new CheckpointUri(Checkpoints.URI.podUid(), "hop-2", "counter");
        Files.createDirectories(root.resolve(other.podUid()).resolve("hop-2"));
        Files.move(stored, other.directory(root));
        assertRefused(
                () -> repository.open(other, Checkpoints.KEYS, Checkpoints.EXPECTED),
                Reason.CORRUPT,
                "its manifest is that of " + Checkpoints.URI);
        assertRefused(this::open, Reason.MISSING, "there is no such checkpoint");
    }

    /** A share whose server is gone answers with an error, too. */
    @Test
    void storageThatCannotBeReachedIsNotTakenForEmpty() throws IOException {
        Repository unreachable = new Repository(Files.createFile(root.resolve("no-directory")));
        assertRefused(
                () -> unreachable.open(Checkpoints.URI, Checkpoints.KEYS, Checkpoints.EXPECTED),
                Reason.UNREADABLE,
                "reading or writing it failed");
    }

    @Test
    void ofManyClaimantsOneWins() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<Boolean>> claims = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                String claimant = "pod-" + i;
                Callable<Boolean> claim = () -> {
                    try {
                        open().claim(claimant);
                        return true;
                    } catch (CheckpointException refusal) {
                        assertThat(refusal.reason()).isEqualTo(Reason.CONSUMED);
                        return false;
                    }
                };
                claims.add(threads.submit(claim));
            }
            int won = 0;
            for (Future<Boolean> claim : claims) {
                won += claim.get() ? 1 : 0;
            }
            assertThat(won).isEqualTo(1);
        } finally {
            threads.shutdown();
        }
        String winner = open().claimedBy().orElseThrow();
        assertRefused(() -> open().claim("other"), Reason.CONSUMED, "it has been claimed by '" + winner + "'");
        open().claim(winner);
        assertRefused(() -> open().releaseClaim("other"), Reason.CONSUMED, "not by 'other'");
        open().releaseClaim(winner);
        assertThat(open().claimedBy()).isEmpty();
        open().claim("later");
    }

    @Test
    void aClaimCountsBeforeItIsOnTheDisk() {
        assertRefused(() -> open().syncClaim(), Reason.UNREADABLE, "");
        open().claim("first", Durability.LATER);

        assertRefused(() -> open().claim("other", Durability.LATER), Reason.CONSUMED, "it has been claimed by 'first'");
        open().syncClaim();
        assertThat(open().claimedBy()).contains("first");
    }

    @Test
    void aDeletedCheckpointIsGone() {
        repository.delete(Checkpoints.URI);
        assertThat(stored).doesNotExist();
        assertThat(repository.isComplete(Checkpoints.URI)).isFalse();
    }

    @Test
    void keysAreReadAsTheyAreWritten() {
        SigningKey again = SigningKey.parse(Checkpoints.KEY.toPem());
        assertThat(again.publicPem()).isEqualTo(Checkpoints.KEY.publicPem());
        assertThat(again.keyId()).isEqualTo(Checkpoints.KEY.keyId()).matches("[0-9a-f]{16}");
        assertThatThrownBy(() -> SigningKey.parse("nothing")).hasMessageContaining("-----BEGIN PRIVATE KEY-----");
        assertThatThrownBy(() -> TrustedKeys.of(List.of(Checkpoints.KEY.toPem())))
                .hasMessageContaining("-----BEGIN PUBLIC KEY-----");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "shared://a/b",
                "shared://a/b/c/d",
                "shared://../b/c",
                "shared://a/../c",
                "shared://a/b/..",
                "shared://a//c",
                "file://a/b/c",
                "shared://a/b/volumes",
                "shared://a/b/.c"
            })
    void anotherNameIsRefused(String name) {
        assertThatThrownBy(() -> CheckpointUri.parse(name)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aNameIsReadWithAndWithoutItsArchive() {
        assertThat(CheckpointUri.parse(Checkpoints.URI + "/dump.tar.zst")).isEqualTo(Checkpoints.URI);
        assertThat(CheckpointUri.parse(Checkpoints.URI.toString())).isEqualTo(Checkpoints.URI);
    }
}
