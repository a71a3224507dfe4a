package domain.my.lpm.launcher.checkpoint;

import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.repository.Ingest;
import domain.my.lpm.checkpoint.repository.ManifestSigner;
import domain.my.lpm.checkpoint.repository.Options;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.SigningKey;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.launcher.criu.CriuDump;
import domain.my.lpm.launcher.criu.CriuVersion;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.namespace.ContainerRoot;
import domain.my.lpm.launcher.namespace.MountTable;
import domain.my.lpm.launcher.restore.Architecture;
import domain.my.lpm.launcher.restore.Descriptors;
import domain.my.lpm.launcher.restore.Rehearsal;
import domain.my.lpm.launcher.restore.RestoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.io.file.PathUtils;

/**
 * Takes a checkpoint of a running container by the toolkit's own CRIU. The node's runtime has no part in it. If anything
 * fails, the container goes on and nothing is left in the repository.
 */
public final class Checkpoint {
    /** Deleted files that are still open travel in the dump up to this size, in bytes. */
    private static final long GHOST_LIMIT = 1L << 30;

    private static final int STANDARD_DESCRIPTORS = 3;
    private static final int NAMED_FILES = 3;

    private final CheckpointSettings settings;
    private final Clock clock;

    private final Progress progress;

    /** Is told how far it has come. */
    public interface Progress {
        /** The line by which the command says {@link #dumping}. */
        String DUMPING = "dumping";

        /** The line by which the command says {@link #dumped}. */
        String DUMPED = "dumped";

        /** CRIU is about to be started. */
        void dumping();

        /** CRIU has written its images; what is held stands still since some time before. */
        void dumped();
    }

    /** Nothing happens before {@link #take}. */
    public Checkpoint(CheckpointSettings settings, Clock clock, Progress progress) {
        this.settings = settings;
        this.clock = clock;
        this.progress = progress;
    }

    /**
     * Dumps, stores and, by the settings, holds.
     *
     * @return what lies in the repository
     */
    public StoredContainer take() {
        ApplicationTree tree = ApplicationTree.of(settings.pid().orElse(1));
        if (settings.pid().isEmpty()) {
            refuseSystemCallFilter();
        }
        String criuVersion = CriuVersion.ofProgram(settings.criu()).toString();
        ManifestSigner signer = signer();
        List<String> stdio = standardDescriptors(tree.root());
        Rehearsal.ofStoring(settings.rehearsal());
        Path dump = settings.repository()
                .resolve("." + settings.uri().podUid() + "-" + settings.uri().checkpointId() + "-"
                        + settings.uri().container() + ".dump");
        try {
            deleteTree(dump);
            Path images = Files.createDirectories(dump.resolve("images"));
            try {
                dump(tree, images);
                progress.dumped();
                Files.write(images.resolve(Descriptors.FILE), Descriptors.format(stdio));
                return Ingest.run(
                        ArchiveSource.directory(images, () -> files(tree, dump, signer)),
                        settings.repository(),
                        settings.uri(),
                        new Provenance(
                                settings.owner(),
                                Architecture.ofThisMachine(),
                                System.getProperty("os.version"),
                                criuVersion,
                                "launcher",
                                clock.instant(),
                                Map.of()),
                        signer,
                        Options.of(settings.form(), settings.durability()));
            } catch (IOException | RuntimeException failure) {
                // Also after a failed dump: a CRIU that was killed leaves connections and network as they were
                // meanwhile.
                resume(tree, failure);
                throw failure;
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot write the checkpoint below " + settings.repository(), error);
        } finally {
            deleteTree(dump);
        }
    }

    /** What goes along with the images, of processes that stand still if they are to. */
    private Map<String, Path> files(ApplicationTree tree, Path dump, ManifestSigner signer) {
        List<Integer> running = settings.hold() ? tree.runningAfterStop() : List.of();
        if (!running.isEmpty()) {
            throw new IllegalStateException("processes " + running
                    + " ran on after the dump, so that the hold is not one; the checkpoint was thrown away");
        }
        try {
            Map<String, Path> changes = Map.of();
            if (settings.pid().isPresent()) {
                changes = SourceFiles.changes(tree.first(), dump);
            } else {
                refuseChangedFiles();
            }
            SourceFiles.storeVolumes(tree.first(), settings, signer);
            return changes;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot take the container's files along to " + dump, error);
        }
    }

    private static void resume(ApplicationTree tree, Exception failure) {
        try {
            tree.resume();
        } catch (RuntimeException another) {
            failure.addSuppressed(another);
        }
    }

    private ManifestSigner signer() {
        try {
            return SigningKey.load(settings.signingKey());
        } catch (IOException error) {
            throw new UncheckedIOException(
                    "cannot read the signing key " + settings.signingKey() + "; mount the secret that holds it", error);
        }
    }

    private void dump(ApplicationTree tree, Path images) throws IOException {
        MountTable inside = MountTable.of(tree.root());
        // A nested tree's container is what lies outside of it; a whole container's outside is the node.
        MountTable outside = MountTable.of(tree.isNested() ? tree.first() : 1);
        CriuDump.Options options = new CriuDump.Options(
                settings.criu(),
                inside.sharedWith(outside),
                inode(Processes.link(tree.first(), "ns/net")),
                settings.hold(),
                settings.tcp(),
                GHOST_LIMIT,
                settings.deadline());
        if (!tree.isNested()) {
            progress.dumping();
            if (settings.pid().isEmpty()) {
                throw new IllegalStateException(
                        "the application is not nested below the entry, so that it cannot be"
                                + " dumped from inside; start it with 'entry run --nest', or let the agent take the checkpoint");
            }
            CriuDump.outside(tree.root(), images, options);
            return;
        }
        int depth = Processes.namespaceIds(tree.first()).size();
        int pidInContainer = Processes.namespaceIds(tree.root()).get(depth - 1);
        try (ContainerRoot root = settings.pid().isPresent()
                ? ContainerRoot.enter(tree.first(), settings.repository(), settings.staging())
                : ContainerRoot.here()) {
            Path there = Path.of(ContainerRoot.REPOSITORY)
                    .resolve(settings.repository().relativize(images));
            progress.dumping();
            CriuDump.inside(root, pidInContainer, there, options);
        }
    }

    /** The kernel shows the filters of others, which are part of a dump, to no process that is filtered itself. */
    private static void refuseSystemCallFilter() {
        String mode = Processes.status((int) ProcessHandle.current().pid()).getOrDefault("Seccomp", "0");
        if (!mode.equals("0")) {
            throw new IllegalStateException(
                    "the container has a seccomp profile, under which the kernel lets nobody take"
                            + " a checkpoint from inside; set its seccompProfile to Unconfined, or let the agent take the checkpoint");
        }
    }

    private static void refuseChangedFiles() throws IOException {
        Set<String> mountPoints =
                MountTable.of(1).mounts().stream().map(MountTable.Mount::target).collect(Collectors.toSet());
        mountPoints.remove("/");
        List<String> changed =
                ChangedFiles.below(Path.of(ContainerRoot.ROOT_FILE_SYSTEM), ChangedFiles.startOf(1), mountPoints);
        if (!changed.isEmpty()) {
            throw new IllegalStateException(
                    changed.size() + " files of the container's root file system have changed, such"
                            + " as " + String.join(", ", changed.subList(0, Math.min(NAMED_FILES, changed.size())))
                            + "; from inside they cannot be taken along: write to a volume, or let the agent take the checkpoint");
        }
    }

    private static List<String> standardDescriptors(int pid) {
        return Stream.iterate(0, descriptor -> descriptor < STANDARD_DESCRIPTORS, descriptor -> descriptor + 1)
                .map(descriptor -> {
                    try {
                        return Processes.link(pid, "fd/" + descriptor);
                    } catch (IOException closed) {
                        return "/dev/null";
                    }
                })
                .peek(target -> {
                    if (target.startsWith("/dev/pts/") || target.equals("/dev/console")) {
                        throw new RestoreException("the container has a terminal (" + target
                                + ") for its standard input or output, which cannot be carried to another pod;"
                                + " set tty: false in the container");
                    }
                })
                .toList();
    }

    /** The number in a link such as {@code net:[4026531840]}. */
    private static long inode(String link) {
        return Long.parseLong(link.substring(link.indexOf('[') + 1, link.length() - 1));
    }

    private static void deleteTree(Path directory) {
        try {
            if (Files.exists(directory)) {
                PathUtils.deleteDirectory(directory);
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot remove the unfinished dump " + directory, error);
        }
    }
}
