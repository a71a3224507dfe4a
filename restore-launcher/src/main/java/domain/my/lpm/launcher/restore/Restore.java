package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import domain.my.lpm.checkpoint.image.Capability;
import domain.my.lpm.checkpoint.image.Grant;
import domain.my.lpm.checkpoint.image.ImageFormatException;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Durability;
import domain.my.lpm.checkpoint.repository.Expected;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.StoredFile;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import domain.my.lpm.launcher.criu.CriuException;
import domain.my.lpm.launcher.criu.CriuRestore;
import domain.my.lpm.launcher.criu.CriuVersion;
import domain.my.lpm.launcher.criu.NetworkLock;
import domain.my.lpm.launcher.linux.Addresses;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.linux.SystemCallException;
import domain.my.lpm.launcher.namespace.ContainerEndedException;
import domain.my.lpm.launcher.namespace.ContainerRoot;
import domain.my.lpm.launcher.namespace.MountTable;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.StatusFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.io.file.PathUtils;

/**
 * Restores one container from a checkpoint. The container's first process must be the waiting entry (entry.c); it learns
 * the outcome by one {@link EntryWord}.
 */
public final class Restore {
    /** Name of CRIU's log, kept beside the checkpoint. */
    public static final String KEPT_LOG = "restore.log";

    private static final String STANDBY_NAME = "lpm-standby";

    /** Each was found by what fails without it; the last three lay down the files of other users. */
    private static final Set<Capability> NEEDED = EnumSet.of(
            Capability.CAP_SYS_ADMIN,
            Capability.CAP_SYS_CHROOT,
            Capability.CAP_NET_ADMIN,
            Capability.CAP_MKNOD,
            Capability.CAP_SYS_TIME,
            Capability.CAP_SETUID,
            Capability.CAP_SETGID,
            Capability.CAP_SETPCAP,
            Capability.CAP_KILL,
            Capability.CAP_CHOWN,
            Capability.CAP_DAC_OVERRIDE,
            Capability.CAP_FOWNER);

    /** How often the container is looked at while it stands by. */
    private static final Duration LOOK = Duration.ofMillis(100);

    private final RestoreSettings settings;
    private final StatusFile status;
    private final Optional<CommitPipe> commit;

    /**
     * Nothing happens before {@link #run}.
     *
     * @param commit whose word is awaited before anything runs, restored or anew; empty when none is needed
     */
    public Restore(RestoreSettings settings, StatusFile status, Optional<CommitPipe> commit) {
        this.settings = settings;
        this.status = status;
        this.commit = commit;
    }

    /** Says when to begin, and with which checkpoint. */
    public interface Release {
        /** Waits for it; an empty answer means that there is nothing to restore. */
        Optional<CheckpointUri> await() throws InterruptedException;
    }

    /** Prepares, waits for the release, restores. Returns the final state; every failure is in the status. */
    public State run(Release release) {
        int entry = settings.pid().orElse(1);
        status.startClock();
        status.enter(State.PREPARING);
        // The container's own first process starts one launcher and no more.
        try (ContainerLock lock =
                settings.pid().isPresent() ? ContainerLock.take(settings.staging(), entry) : ContainerLock.NONE) {
            if (lock.isHeldByAnother()) {
                fail("another launcher is at work on the container of process " + entry
                        + "; let it finish, or end it and try again");
            } else {
                prepareAndRestore(entry, release);
            }
        } catch (UncheckedIOException refused) {
            otherwise(settings.onFailure(), entry, String.valueOf(refused.getMessage()));
        }
        return status.status().state();
    }

    private void prepareAndRestore(int entry, Release release) {
        try {
            requireWaitingEntry(entry);
            requireCapabilities();
            status.criuVersion(CriuVersion.ofProgram(settings.criu()).toString());
            try (ContainerRoot root = enter();
                    CriuRestore criu = CriuRestore.prepare(root, settings.criu(), commit.isPresent())) {
                // What a killed CRIU has left would cut CRIU off here.
                unlockNetwork(entry);
                Grant grant = settings.askedFor().of(Grant.ofProcessStatus(Processes.statusText(entry)));
                TrustedKeys keys = trustedKeys();
                status.stepDone("prepare");
                if (!settings.rehearsal().isZero()) {
                    Rehearsal.run(settings.rehearsal());
                    status.stepDone("rehearse");
                }
                status.enter(State.STANDBY);
                var uri = await(release, root);
                status.startClock();
                if (uri.isEmpty() && commit.isPresent()) {
                    otherwise(RestoreSettings.Otherwise.FRESH, entry, "no checkpoint was named");
                } else if (uri.isEmpty()) {
                    EntryWord.START_FRESH.tell(entry, 0);
                    status.fresh(null);
                } else {
                    new Attempt(root, criu, grant, keys, entry, uri.get()).run();
                }
            }
        } catch (ContainerEndedException ended) {
            fail(String.valueOf(ended.getMessage()));
        } catch (Consumed consumed) {
            otherwise(settings.onConsumed(), entry, consumed.reason);
        } catch (Decided decided) {
            obey(decided, entry);
        } catch (CheckpointException
                | ImageFormatException
                | RestoreException
                | CriuException
                | SystemCallException
                | UncheckedIOException
                | IllegalArgumentException refused) {
            otherwise(settings.onFailure(), entry, String.valueOf(refused.getMessage()));
        } catch (RuntimeException unforeseen) {
            otherwise(
                    settings.onFailure(), entry, "the restore failed for a reason that nobody foresaw: " + unforeseen);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            otherwise(settings.onFailure(), entry, "the launcher was interrupted before the restore");
        }
    }

    /** Waits for the release, but no longer than the container lives and nobody says stop. */
    private Optional<CheckpointUri> await(Release release, ContainerRoot root) throws InterruptedException {
        FutureTask<Optional<CheckpointUri>> word = new FutureTask<>(release::await);
        // Nothing interrupts a thread that reads a stream: it is left behind when the container has ended.
        Thread listener = new Thread(word, "release");
        listener.setDaemon(true);
        listener.start();
        while (true) {
            try {
                return word.get(LOOK.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException notYet) {
                if (root.shell().hasEnded()) {
                    throw new ContainerEndedException();
                }
                requireNotStopped();
            } catch (ExecutionException failure) {
                if (failure.getCause() instanceof RuntimeException unchecked) {
                    throw unchecked;
                }
                throw new IllegalStateException(failure.getCause());
            }
        }
    }

    private static final class Consumed extends Exception {
        private static final long serialVersionUID = 1;

        private final String reason;

        Consumed(CheckpointException cause) {
            super(cause);
            this.reason = String.valueOf(cause.getMessage());
        }
    }

    /** A word that undoes what has been restored so far. */
    private static final class Decided extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final boolean fresh;

        Decided(boolean fresh, String message) {
            super(message);
            this.fresh = fresh;
        }

        static Decided stopped() {
            return new Decided(false, "it was told to stop before anything ran; the target pod can be deleted");
        }
    }

    private void requireNotStopped() {
        if (commit.isPresent() && commit.get().isStopped()) {
            throw Decided.stopped();
        }
    }

    private void obey(Decided decided, int entry) {
        if (decided.fresh) {
            startAnew(entry, String.valueOf(decided.getMessage()));
        } else {
            end(entry, String.valueOf(decided.getMessage()));
        }
    }

    private static void requireWaitingEntry(int entry) {
        String name = Processes.status(entry).getOrDefault("Name", "");
        if (!name.equals(STANDBY_NAME)) {
            throw new RestoreException(
                    name.isEmpty()
                            ? "there is no process " + entry + "; name the first process of the target container"
                            : "process " + entry + " is '" + name + "' and not an entry that waits for a restore;"
                                    + " start the container by 'entry run --standby', as the pod rewrite does");
        }
    }

    private void requireCapabilities() {
        Set<Capability> needed = new TreeSet<>(NEEDED);
        if (settings.pid().isPresent()) {
            // To enter the namespaces of a process that is not a child.
            needed.add(Capability.CAP_SYS_PTRACE);
        }
        long held = Long.parseUnsignedLong(Processes.status(Processes.self()).getOrDefault("CapEff", "0"), 16);
        needed.removeIf(capability -> (held & capability.mask()) != 0);
        if (!needed.isEmpty()) {
            throw new RestoreException("the launcher lacks "
                    + needed.stream().map(Capability::name).collect(Collectors.joining(", "))
                    + ", without which it cannot restore; add " + (needed.size() == 1 ? "it" : "them")
                    + " to securityContext.capabilities of the container that runs the launcher");
        }
    }

    private ContainerRoot enter() {
        return settings.pid().isPresent()
                ? ContainerRoot.enter(settings.pid().get(), settings.repository(), settings.staging())
                : ContainerRoot.here();
    }

    private static boolean isWaiting(int entry) {
        return Processes.status(entry).getOrDefault("Name", "").equals(STANDBY_NAME);
    }

    /** Fails without a word to the container, which is another launcher's or has ended. */
    private void fail(String reason) {
        System.err.println("error: " + reason);
        status.fail(reason);
    }

    private void otherwise(RestoreSettings.Otherwise policy, int entry, String reason) {
        if (!isWaiting(entry)) {
            // Nobody is left who could start anything anew.
            fail(reason);
            return;
        }
        switch (policy) {
            case FRESH -> {
                if (mayStartAnew(entry, reason)) {
                    startAnew(entry, reason);
                }
            }
            case FAIL -> end(entry, reason);
        }
    }

    /** Waits for the word, where one is needed; without it the container has ended, or ends here. */
    private boolean mayStartAnew(int entry, String reason) {
        if (commit.isEmpty()) {
            return true;
        }
        System.err.println("waits for the word to start anew: " + reason);
        status.unrestorable(reason);
        while (true) {
            Optional<CommitPipe.Word> word = commit.get().next(LOOK);
            if (word.isPresent()) {
                switch (word.get()) {
                    case FRESH -> {
                        return true;
                    }
                    case STOP -> {
                        end(entry, reason);
                        return false;
                    }
                    case RUN -> System.err.println("there is nothing restored that could run; say fresh or stop");
                }
            } else if (!isWaiting(entry)) {
                fail(reason);
                return false;
            }
        }
    }

    // The message before the word: inside the container, this process ends with the first one.
    private void startAnew(int entry, String reason) {
        System.err.println("started anew: " + reason);
        tell(entry, EntryWord.START_FRESH, 0, reason, () -> status.fresh(reason));
    }

    private void end(int entry, String reason) {
        System.err.println("error: " + reason);
        tell(entry, EntryWord.FAIL, ExitCode.FAILED, reason, () -> status.fail(reason));
    }

    private void tell(int entry, EntryWord word, int value, String reason, Runnable record) {
        try {
            word.tell(entry, value);
            record.run();
        } catch (SystemCallException deaf) {
            status.fail(reason + "; the container still waits, as it could not be told (" + deaf.getMessage() + ")");
        }
    }

    /** One checkpoint, one try. */
    private final class Attempt {
        private final ContainerRoot root;
        private final CriuRestore criu;
        private final Grant grant;
        private final TrustedKeys keys;
        private final int entry;
        private final CheckpointUri uri;
        private final StoredContainer stored;

        Attempt(ContainerRoot root, CriuRestore criu, Grant grant, TrustedKeys keys, int entry, CheckpointUri uri) {
            this.root = root;
            this.criu = criu;
            this.grant = grant;
            this.keys = keys;
            this.entry = entry;
            this.uri = uri;
            status.enter(State.STAGING);
            this.stored = new Repository(settings.repository())
                    .open(uri, keys, new Expected(settings.owner(), Architecture.ofThisMachine()));
            status.stepDone("open");
        }

        void run() throws Consumed, InterruptedException {
            try {
                // It counts at once, and is on the disk before anything runs.
                stored.claim(settings.claimant(), Durability.LATER);
            } catch (CheckpointException refused) {
                if (refused.reason() == Reason.CONSUMED) {
                    throw new Consumed(refused);
                }
                throw refused;
            }
            boolean begun = false;
            boolean ran = false;
            Path decompressed =
                    settings.staging().resolve(uri.podUid() + "-" + uri.checkpointId() + "-" + uri.container());
            // CRIU goes first: they have what it leaves.
            ExecutorService workers =
                    Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors(), task -> {
                        Thread thread = new Thread(
                                () -> {
                                    Processes.yieldToOthers();
                                    task.run();
                                },
                                "verify");
                        thread.setDaemon(true);
                        return thread;
                    });
            CompletableFuture<Void> claimed = CompletableFuture.runAsync(stored::syncClaim, workers);
            try {
                // A lazy restore must not wait for what reads all of the memory: it is verified while it runs.
                CompletableFuture<Void> verified =
                        settings.lazy() ? CompletableFuture.completedFuture(null) : verify(workers);
                StagedImages staged = StagedImages.stage(
                        stored,
                        root.seen(ContainerRoot.IMAGES),
                        grant,
                        settings.tcp(),
                        Addresses.of(entry),
                        target -> MountMapping.isThere(root, target));
                Map<String, String> mounts = MountMapping.of(staged.externalMounts(), root);
                ContainerFiles.requireMounts(MountTable.of(entry), settings.filledVolumes());
                ContainerFiles.leftBehind(settings.volumes(), settings.repository(), uri)
                        .ifPresent(names -> {
                            throw new RestoreException("the checkpoint holds the volume " + names
                                    + ", for which no place in the container was named; name it by --volume NAME=PATH");
                        });
                status.stepDone("images");
                stored.verifyAll(
                        Stream.of(ContainerFiles.CHANGED, ContainerFiles.DELETED)
                                .filter(name -> stored.file(name).isPresent())
                                .toList(),
                        workers);
                ContainerFiles.applyChanges(stored, root.seen(ContainerRoot.ROOT_FILE_SYSTEM));
                ContainerFiles.fillVolumes(settings.filledVolumes(), settings.repository(), uri, keys, root);
                status.stepDone("files");
                stagePages(staged.pages(), decompressed, workers);
                status.checkpoint(uri.toString(), staged.pageCount(), settings.lazy());
                status.stepDone("pages");
                status.enter(State.RESTORING);
                begun = true;
                try {
                    criu.run(
                            new CriuRestore.Options(
                                    settings.criu(),
                                    mounts,
                                    staged.stdio(),
                                    settings.lazy(),
                                    staged.connections(),
                                    settings.deadline()),
                            new Steps(verified, claimed));
                } catch (CriuException failure) {
                    // If the memory is not what was signed, that is the reason.
                    await(verified);
                    throw failure;
                }
                ran = true;
                status.stepDone("resume");
                status.enter(State.RESTORED);
                if (settings.lazy()) {
                    attend(verify(workers));
                }
            } finally {
                workers.shutdownNow();
                if (!ran) {
                    stored.releaseClaim(settings.claimant());
                }
                if (begun && !ran && Processes.exists(entry)) {
                    // What starts in this pod next, this container included, would be cut off.
                    unlockNetwork(entry);
                }
                keepLog();
                delete(decompressed);
            }
        }

        /** What is to be done while CRIU restores. */
        private final class Steps implements CriuRestore.Steps {
            private final CompletableFuture<Void> verified;
            private final CompletableFuture<Void> claimed;

            Steps(CompletableFuture<Void> verified, CompletableFuture<Void> claimed) {
                this.verified = verified;
                this.claimed = claimed;
            }

            @Override
            public void stillWanted() {
                // CRIU hangs when memory is missing.
                if (verified.isCompletedExceptionally()) {
                    await(verified);
                }
                requireNotStopped();
            }

            @Override
            public void complete(int pid) {
                status.stepDone("criu");
                if (!settings.lazy()) {
                    await(verified);
                    status.stepDone("verify");
                }
                await(claimed);
                status.stepDone("claim");
                status.processId(pid);
                if (commit.isPresent()) {
                    status.enter(State.COMPLETE);
                }
            }

            @Override
            public boolean mayRun() {
                if (commit.isEmpty()) {
                    return true;
                }
                Optional<CommitPipe.Word> word = commit.get().next(LOOK);
                if (word.isEmpty()) {
                    return false;
                }
                status.stepDone("commit");
                return switch (word.get()) {
                    case RUN -> true;
                    case FRESH -> throw new Decided(true, "it was told to start anew when its restore was complete");
                    case STOP -> throw Decided.stopped();
                };
            }

            @Override
            public void beforeFirstInstruction(int pid) {
                EntryWord.ADOPT.tell(entry, pid);
            }
        }

        /** Puts the memory where CRIU looks for it, without a copy if it lies there plain. */
        private void stagePages(List<String> pages, Path decompressed, ExecutorService workers) {
            Path images = root.seen(ContainerRoot.IMAGES);
            String place;
            if (stored.isExtracted()) {
                place = ".." + ContainerRoot.REPOSITORY + "/"
                        + settings.repository().relativize(stored.extractedImages()) + "/";
                pages.forEach(this::requireSize);
            } else {
                create(decompressed);
                stored.extractTo(decompressed, pages, workers);
                place = ".." + ContainerRoot.STAGING + "/" + decompressed.getFileName() + "/" + StagedImages.PREFIX;
            }
            for (String name : pages) {
                String file = name.substring(StagedImages.PREFIX.length());
                try {
                    // Relative: CRIU opens it from inside the restored mount namespace.
                    Files.createSymbolicLink(images.resolve(file), Path.of(place + file));
                } catch (IOException error) {
                    throw new UncheckedIOException("cannot link the memory pages " + file, error);
                }
            }
        }

        /** CRIU hangs when memory is missing. */
        private void requireSize(String name) {
            try {
                long size = Files.size(stored.extracted(name));
                long signed = stored.file(name).map(StoredFile::size).orElse(0L);
                if (size != signed) {
                    throw new CheckpointException(
                            Reason.CORRUPT,
                            uri + " " + name,
                            "it has " + size + " bytes where " + signed + " were signed",
                            "take the checkpoint again");
                }
            } catch (IOException error) {
                throw CheckpointException.unreadable(uri + " " + name, error);
            }
        }

        /** Begins to verify the memory; what is decompressed is verified on the way. */
        private CompletableFuture<Void> verify(ExecutorService workers) {
            List<String> pages = StagedImages.pages(stored);
            return stored.isExtracted()
                    ? CompletableFuture.runAsync(() -> stored.verifyAll(pages, workers), workers)
                    : CompletableFuture.completedFuture(null);
        }

        private static void await(CompletableFuture<Void> verified) {
            try {
                verified.join();
            } catch (CompletionException failure) {
                if (failure.getCause() instanceof RuntimeException unchecked) {
                    throw unchecked;
                }
                throw failure;
            }
        }

        /** A lazy restore runs before its last page has been read: stay until then, and end it if a page is corrupt. */
        private void attend(CompletableFuture<Void> verified) throws InterruptedException {
            try {
                await(verified);
            } catch (RuntimeException corrupt) {
                criu.killRestored();
                throw corrupt;
            }
            criu.awaitLazyPages();
            status.stepDone("lazyPages");
            status.enter(State.RESTORED);
        }

        private void keepLog() {
            try {
                if (Files.exists(criu.log())) {
                    Files.copy(criu.log(), stored.directory().resolve(KEPT_LOG), StandardCopyOption.REPLACE_EXISTING);
                }
            } catch (IOException unwritable) {
                // The log is for the reader of a failure, whose reason is in the status already.
            }
        }
    }

    private static void unlockNetwork(int entry) {
        try (NetworkLock lock = NetworkLock.of(entry)) {
            lock.remove();
        }
    }

    private TrustedKeys trustedKeys() {
        try {
            return TrustedKeys.load(settings.trustedKeys());
        } catch (IOException error) {
            throw new UncheckedIOException(
                    "cannot read the trusted keys in " + settings.trustedKeys()
                            + "; mount the directory that holds them",
                    error);
        }
    }

    private static void create(Path directory) {
        try {
            delete(directory);
            Files.createDirectories(directory);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot make the staging directory " + directory, error);
        }
    }

    private static void delete(Path directory) {
        try {
            if (Files.exists(directory)) {
                PathUtils.deleteDirectory(directory);
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot clear the staging directory " + directory, error);
        }
    }
}
