package domain.my.lpm.launcher.restore;

import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.archive.RootfsDiff;
import domain.my.lpm.checkpoint.image.CredentialCheck;
import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.image.Grant;
import domain.my.lpm.checkpoint.image.SampleDump;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Durability;
import domain.my.lpm.checkpoint.repository.Expected;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Ingest;
import domain.my.lpm.checkpoint.repository.Options;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.SigningKey;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import domain.my.lpm.launcher.criu.CriuRestore;
import domain.my.lpm.launcher.criu.Tcp;
import domain.my.lpm.launcher.linux.Addresses;
import domain.my.lpm.launcher.linux.Linux;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.namespace.MountTable;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import jnr.constants.platform.Signal;
import org.apache.commons.io.file.PathUtils;

/**
 * Does with samples what is done while an application stands still, CRIU's part left out, so that the classes are loaded
 * and the code is compiled when it counts: what a restore does between its release and the application's first
 * instruction, and how a dump is stored.
 */
public final class Rehearsal {
    private static final Owner NOBODY = new Owner("rehearsal", "rehearsal", "rehearsal");
    /** As {@code /proc/PID/status} has them: all that a container can be granted, and next to nothing. */
    private static final Grant EVERYTHING = grant(0, "000001ffffffffff", 0, 0);

    private static final Grant NOTHING = grant(65534, "0000000000000000", 1, 2);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "file";
    private static final int MEMORY_BYTES = 64 << 10;
    /** Two ticks of the clock by which the kernel counts processor time. */
    private static final long LOOK_NANOSECONDS = 20_000_000;

    private Rehearsal() {}

    /**
     * Rehearses again and again, and then lets the JVM finish what it compiles.
     *
     * @param time how long for each of both; a rehearsal that has begun is finished
     */
    public static void run(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        Path directory = temporaryDirectory();
        ExecutorService workers = Executors.newFixedThreadPool(2);
        try {
            SigningKey key = SigningKey.generate();
            TrustedKeys keys = TrustedKeys.of(List.of(key.publicPem()));
            Path repository = Files.createDirectory(directory.resolve("repository"));
            for (SampleDump sample : SampleDump.values()) {
                store(sample, directory, repository, key);
            }
            do {
                for (SampleDump sample : SampleDump.values()) {
                    once(sample, directory, repository, keys, workers);
                }
            } while (System.nanoTime() < end);
            awaitCompiled(end + time.toNanos());
        } catch (IOException error) {
            throw new UncheckedIOException("cannot rehearse in " + directory, error);
        } finally {
            workers.shutdownNow();
            deleteTree(directory);
        }
    }

    /**
     * Rehearses how a dump is stored, in the same way.
     *
     * @param time how long for each of both; nothing is done for zero
     */
    public static void ofStoring(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        SigningKey key = SigningKey.generate();
        while (System.nanoTime() < end) {
            Path directory = temporaryDirectory();
            try {
                Path repository = Files.createDirectory(directory.resolve("repository"));
                for (SampleDump sample : SampleDump.values()) {
                    store(sample, directory, repository, key);
                }
            } catch (IOException error) {
                throw new UncheckedIOException("cannot rehearse in " + directory, error);
            } finally {
                deleteTree(directory);
            }
        }
        awaitCompiled(end + time.toNanos());
    }

    /** Waits until the JVM's compiler has done what the rehearsal gave it to do, which would slow down the restore. */
    private static void awaitCompiled(long end) {
        boolean busy = true;
        while (busy && System.nanoTime() < end) {
            Duration before = processorTime();
            LockSupport.parkNanos(LOOK_NANOSECONDS);
            busy = processorTime().compareTo(before) > 0;
        }
    }

    private static Duration processorTime() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private static Grant grant(int user, String capabilities, int noNewPrivileges, int seccomp) {
        return Grant.ofProcessStatus(
                "Uid:\t%1$d\nGid:\t%1$d\nGroups:\t\nCapBnd:\t%2$s\nNoNewPrivs:\t%3$d\nSeccomp:\t%4$d\n"
                        .formatted(user, capabilities, noNewPrivileges, seccomp));
    }

    private static List<InetAddress> addresses() {
        try {
            return List.of(
                    InetAddress.getByAddress(new byte[] {127, 0, 0, 1}),
                    // RFC 5737: for documentation, so that no socket of a sample has it.
                    InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1}));
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static CheckpointUri uri(SampleDump sample) {
        return new CheckpointUri("rehearsal", sample.name().toLowerCase(Locale.ROOT), "rehearsal");
    }

    private static void store(SampleDump sample, Path directory, Path repository, SigningKey key) throws IOException {
        Path dump = Files.createDirectory(directory.resolve("dump-" + sample));
        sample.write(dump);
        Files.write(dump.resolve("pages-1.img"), new byte[MEMORY_BYTES]);
        Files.write(dump.resolve(Descriptors.FILE), Descriptors.format(List.of("/dev/null", "pipe:[1]", "pipe:[2]")));
        Ingest.run(
                ArchiveSource.directory(dump, changes(Files.createDirectory(directory.resolve("changes-" + sample)))),
                repository,
                uri(sample),
                new Provenance(NOBODY, Architecture.ofThisMachine(), "", null, "launcher", Instant.EPOCH, Map.of()),
                key,
                Options.of(Form.EXTRACTED, Durability.LATER));
    }

    /** A changed file and a deleted one, as a container leaves them. */
    private static Map<String, Path> changes(Path directory) throws IOException {
        Path upper = Files.createDirectory(directory.resolve("upper"));
        Files.write(upper.resolve(FILE), new byte[MEMORY_BYTES]);
        Path changed = directory.resolve(ContainerFiles.CHANGED);
        try (OutputStream output = new BufferedOutputStream(Files.newOutputStream(changed))) {
            RootfsDiff.collect(upper, output, new ArrayList<>());
        }
        Path deleted = directory.resolve(ContainerFiles.DELETED);
        Files.write(deleted, JSON.writeValueAsBytes(List.of(FILE)));
        return Map.of(ContainerFiles.CHANGED, changed, ContainerFiles.DELETED, deleted);
    }

    private static void once(
            SampleDump sample, Path directory, Path repository, TrustedKeys keys, ExecutorService workers)
            throws IOException {
        Path images = Files.createDirectory(directory.resolve("images"));
        StoredContainer stored =
                new Repository(repository).open(uri(sample), keys, new Expected(NOBODY, Architecture.ofThisMachine()));
        stored.claim("rehearsal", Durability.LATER);
        stored.syncClaim();
        StagedImages staged = StagedImages.stage(stored, images, EVERYTHING, Tcp.CLOSE, addresses(), target -> true);
        CredentialCheck.violations(CriuImages.open(images), NOTHING);
        Addresses.of(Processes.self());
        ContainerFiles.requireMounts(MountTable.of(Processes.self()), Map.of());
        ContainerFiles.leftBehind(Map.of(), repository, uri(sample));
        stored.verifyAll(staged.pages(), workers);
        Path root = Files.createDirectory(directory.resolve("root"));
        stored.verifyAll(List.of(ContainerFiles.CHANGED, ContainerFiles.DELETED), workers);
        ContainerFiles.applyChanges(stored, root);
        deleteTree(root);
        stored.releaseClaim("rehearsal");
        CriuRestore.rehearse();
        // SIGCONT does nothing to a process that runs. A native call is slow when it is made for the first time.
        Processes.children(Processes.self());
        Processes.signal(Processes.self(), Signal.SIGCONT);
        Linux.queueSignal(Processes.self(), Signal.SIGCONT.intValue(), 0);
        deleteTree(images);
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("rehearsal");
        } catch (IOException error) {
            throw new UncheckedIOException("cannot make a temporary directory", error);
        }
    }

    private static void deleteTree(Path directory) {
        try {
            PathUtils.deleteDirectory(directory);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot clear " + directory, error);
        }
    }
}
