package domain.my.lpm.agent.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import domain.my.lpm.agent.AgentEdges;
import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.AgentSettings;
import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.Share;
import domain.my.lpm.agent.Waiting;
import domain.my.lpm.agent.checkpoint.CheckpointListener.Progress;
import domain.my.lpm.agent.checkpoint.CheckpointOrder.Taker;
import domain.my.lpm.agent.checkpoint.PodArtifact.ContainerArtifact;
import domain.my.lpm.agent.checkpoint.PodArtifact.VolumeArtifact;
import domain.my.lpm.agent.hold.HeldProcesses;
import domain.my.lpm.agent.hold.Hold;
import domain.my.lpm.agent.hold.Hold.HeldContainer;
import domain.my.lpm.agent.hold.Holds;
import domain.my.lpm.agent.kubelet.CriuConfiguration;
import domain.my.lpm.agent.node.Containers;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.node.NodeContainer;
import domain.my.lpm.agent.restore.Manifests;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Durability;
import domain.my.lpm.checkpoint.repository.Durable;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import domain.my.lpm.launcher.checkpoint.ApplicationTree;
import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes checkpoints of pods: all containers, or none. The intent is on the node's disk before anything is stopped, and the mark
 * of completeness is the last thing written to the share; what lies between is undone by whoever finds it.
 *
 * <p>The containers of a pod are stopped one after the other, each by its own dump. With a hold none of them runs on after it, so
 * that nothing is lost or done twice; what the later ones send to the earlier ones meanwhile stays in their queues, as the dump
 * has locked the pod's network. Without a hold the parts are of different instants.
 */
public final class Checkpoints {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final String COMPLETE = ".checkpoint-complete";
    private static final String VOLUMES = "volumes";
    /** What a dump has beside the memory, at most by experience. */
    private static final long MORE_BYTES = 16L << 20;

    /** The storage may have gigabytes to write. */
    private static final Duration SYNC = Duration.ofMinutes(30);

    /** How long a complete checkpoint waits for somebody to ask that it be synced. */
    private static final Duration UNASKED = Duration.ofSeconds(5);

    private static final Set<String> OURS = Set.of("lpm-restored", "lpm-fresh");

    private final Containers containers;
    private final Holds holds;
    private final HeldProcesses processes;
    private final Share share;
    private final Dump launcher;
    private final Optional<Dump> kubelet;
    private final KubeletArchives archives;
    private final CheckpointJournal journal;
    private final StepListener steps;
    private final Map<String, Ongoing> ongoing = new ConcurrentHashMap<>();
    /** Complete ones on their way to stable storage, and those that could not be brought there. */
    private final Map<String, Sync> syncs = new ConcurrentHashMap<>();

    Checkpoints(
            Containers containers,
            Holds holds,
            HeldProcesses processes,
            Share share,
            Dump launcher,
            Optional<Dump> kubelet,
            KubeletArchives archives,
            CheckpointJournal journal,
            StepListener steps) {
        this.containers = containers;
        this.holds = holds;
        this.processes = processes;
        this.share = share;
        this.launcher = launcher;
        this.kubelet = kubelet;
        this.archives = archives;
        this.journal = journal;
        this.steps = steps;
    }

    /** Those of an agent. */
    public static Checkpoints create(
            AgentSettings settings, AgentEdges edges, Containers containers, Holds holds, Share share, Path state) {
        Launchers launchers = edges.launchers();
        return new Checkpoints(
                containers,
                holds,
                edges.heldProcesses(),
                share,
                new LauncherDump(launchers, settings.places(), edges.steps()),
                edges.kubelet()
                        .map(kubelet -> new KubeletDump(
                                kubelet,
                                new CriuConfiguration(launchers.nodeRoot(), state, edges.steps()),
                                launchers,
                                settings.places(),
                                share,
                                edges.steps())),
                new KubeletArchives(launchers.nodeRoot()),
                new CheckpointJournal(state.resolve("checkpoints")),
                edges.steps());
    }

    private record Ongoing(CheckpointOrder order, CompletableFuture<PodArtifact> result) {}

    /** The way of a complete checkpoint to stable storage, which begins when it is asked for. */
    private record Sync(CountDownLatch asked, CompletableFuture<Void> result) {
        Sync(CompletableFuture<Void> result) {
            this(new CountDownLatch(1), result);
        }

        void awaitAsked() {
            try {
                if (!asked.await(UNASKED.toMillis(), TimeUnit.MILLISECONDS)) {
                    LOG.debug("nobody has asked for the sync of a checkpoint");
                }
            } catch (InterruptedException atOnce) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Takes a checkpoint. A call with the same id waits for the one that is at work, or gets what it led to.
     *
     * @throws AgentException if it cannot be taken; every container goes on then and nothing is left of it
     */
    public PodArtifact take(CheckpointOrder order, CheckpointListener listener) {
        String key = key(order.source().uid(), order.id());
        Ongoing mine = new Ongoing(order, new CompletableFuture<>());
        Ongoing first = ongoing.putIfAbsent(key, mine);
        if (first != null) {
            if (!first.order().equals(order)) {
                throw new AgentException(
                        Kind.FAILED_PRECONDITION,
                        "the checkpoint " + order.id() + " of pod " + order.source()
                                + " is being taken with other options; choose another id");
            }
            return join(first.result());
        }
        try {
            PodArtifact artifact = new Attempt(order, listener).run();
            mine.result().complete(artifact);
            return artifact;
        } catch (RuntimeException | Error failure) {
            mine.result().completeExceptionally(failure);
            throw failure;
        } finally {
            ongoing.remove(key, mine);
        }
    }

    private static String key(String podUid, String id) {
        return podUid + "/" + id;
    }

    /**
     * Brings a complete checkpoint to stable storage, if that has not begun, and waits until it is there.
     *
     * @throws AgentException NOT_FOUND if there is none; FAILED_PRECONDITION if it could not be written; DEADLINE_EXCEEDED if
     *     that takes longer
     */
    public void sync(PodReference pod, String id, Duration atMost) {
        Sync sync = syncs.get(key(pod.uid(), id));
        if (sync == null) {
            // It has been written since, or was before it was complete.
            requireComplete(pod, id);
            return;
        }
        try {
            sync.asked().countDown();
            sync.result().get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException slow) {
            throw new AgentException(
                    Kind.DEADLINE_EXCEEDED,
                    "the checkpoint " + id + " of pod " + pod + " was not on stable storage within " + atMost.toMillis()
                            + " ms; repeat the call",
                    slow);
        } catch (ExecutionException failure) {
            throw passedOn(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AgentException(Kind.UNAVAILABLE, "interrupted; repeat the call", interrupted);
        }
    }

    /**
     * To be called when somebody has deleted a checkpoint, which then need not be synced.
     *
     * @param uri {@code shared://<podUID>/<checkpointID>}, or one container of it
     */
    public void deleted(String uri) {
        syncs.forEach((key, sync) -> {
            if ((uri + "/").startsWith("shared://" + key + "/")) {
                sync.asked().countDown();
            }
        });
    }

    private void requireComplete(PodReference pod, String id) {
        if (!isComplete(pod.uid(), id)) {
            throw new AgentException(
                    Kind.NOT_FOUND,
                    "there is no complete checkpoint " + id + " of pod " + pod
                            + " in the repository; see that the shared storage is mounted");
        }
    }

    private boolean isComplete(String podUid, String id) {
        Path mark = directory(podUid, id).resolve(COMPLETE);
        return share.during("the mark of " + id, () -> Share.isThere(mark));
    }

    /**
     * Brings a complete checkpoint to stable storage while its source stands still: when that is asked for, so that the copy's
     * restore comes first, or by itself.
     */
    private void beginSync(CheckpointJournal.Entry entry, List<Dump.Taken> taken) {
        Sync sync = new Sync(new CompletableFuture<>());
        String key = key(entry.uid(), entry.id());
        if (syncs.putIfAbsent(key, sync) != null) {
            return;
        }
        Thread thread = new Thread(
                () -> {
                    try {
                        sync.awaitAsked();
                        bringToStableStorage(entry, taken);
                        sync.result().complete(null);
                        syncs.remove(key, sync);
                    } catch (RuntimeException failure) {
                        if (isDeleted(failure)) {
                            LOG.info("{}", failure.getMessage());
                            syncs.remove(key, sync);
                        } else {
                            LOG.error("the checkpoint {} of pod {} may be lost", entry.id(), entry.pod(), failure);
                        }
                        sync.result().completeExceptionally(failure);
                    }
                },
                "sync-" + entry.id());
        thread.setDaemon(true);
        thread.start();
    }

    private static boolean isDeleted(RuntimeException failure) {
        return failure instanceof AgentException refused && refused.kind() == Kind.NOT_FOUND;
    }

    private void bringToStableStorage(CheckpointJournal.Entry entry, List<Dump.Taken> taken) {
        try {
            share.during("the sync of the checkpoint " + entry.id(), SYNC, () -> {
                Path directory = directory(entry.uid(), entry.id());
                Durable.syncTree(directory);
                Durable.sync(Objects.requireNonNull(directory.getParent()));
                return true;
            });
            journal.remove(entry);
        } catch (RuntimeException failure) {
            if (!isComplete(entry.uid(), entry.id())) {
                // It was deleted meanwhile, as after a rollback.
                journal.remove(entry);
                throw new AgentException(
                        Kind.NOT_FOUND,
                        "the checkpoint " + entry.id() + " of pod " + entry.pod() + " was deleted; take another one",
                        failure);
            }
            // The kernel tells of a failed write once: what says nothing next time is lost all the same.
            journal.put(entry.unwritten(String.valueOf(failure.getMessage())));
            throw failure instanceof AgentException
                    ? failure
                    : new AgentException(Kind.FAILED_PRECONDITION, unwritten(entry, failure.toString()), failure);
        } finally {
            taken.forEach(Dump.Taken::discard);
        }
    }

    private static String unwritten(CheckpointJournal.Entry entry, String why) {
        return "the checkpoint " + entry.id() + " of pod " + entry.pod() + " could not be brought to stable storage ("
                + why + "); see how the shared storage does, and take another one";
    }

    private static RuntimeException passedOn(ExecutionException failure) {
        if (failure.getCause() instanceof AgentException refused) {
            return new AgentException(refused.kind(), String.valueOf(refused.getMessage()), refused);
        }
        return new IllegalStateException(failure.getCause());
    }

    private static PodArtifact join(CompletableFuture<PodArtifact> result) {
        try {
            return result.get();
        } catch (ExecutionException failure) {
            throw passedOn(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AgentException(Kind.UNAVAILABLE, "interrupted; repeat the call", interrupted);
        }
    }

    /**
     * To be called when the agent starts, before any call: undoes what a former agent was cut short in. Its pods go on, unless
     * their checkpoint was completed; that one is brought to stable storage.
     */
    public void takeUp() {
        journal.all().forEach(this::tryToUndo);
    }

    /** To be called now and then: undoes what could not be undone, as while the share was read-only. */
    public void undoLeft() {
        for (CheckpointJournal.Entry entry : journal.all()) {
            boolean atWork = ongoing.keySet().stream().anyMatch(key -> key.startsWith(entry.uid() + "/"));
            if (!atWork && !syncs.containsKey(key(entry.uid(), entry.id()))) {
                tryToUndo(entry);
            }
        }
    }

    /**
     * To be called where no agent will come after this one, when every hold has ended: lets go what a checkpoint that was cut
     * short may have stopped. What lies on the share stays there.
     */
    public void abandonLeft() {
        for (CheckpointJournal.Entry entry : journal.all()) {
            awaitEndOfDumps(entry);
            // Only a hold knows whether a copy has taken over.
            if (holds.of(entry.pod()).isEmpty()) {
                entry.containers().forEach(processes::resume);
                archives.removeOf(entry, journal.since(entry));
                journal.remove(entry);
            }
        }
    }

    private void tryToUndo(CheckpointJournal.Entry entry) {
        try {
            undo(entry);
        } catch (RuntimeException failure) {
            // The record stays: it is tried again.
            LOG.error("cannot undo the unfinished checkpoint {} of pod {}", entry.id(), entry.pod(), failure);
        }
    }

    private void undo(CheckpointJournal.Entry entry) {
        if (isComplete(entry.uid(), entry.id())) {
            String unwritten = entry.unwritten();
            if (unwritten == null) {
                archives.removeOf(entry, journal.since(entry));
                beginSync(entry, List.of());
            } else {
                syncs.put(
                        key(entry.uid(), entry.id()),
                        new Sync(CompletableFuture.failedFuture(
                                new AgentException(Kind.FAILED_PRECONDITION, unwritten(entry, unwritten)))));
            }
            return;
        }
        awaitEndOfDumps(entry);
        LOG.warn("the checkpoint {} of pod {} was cut short; the pod goes on", entry.id(), entry.pod());
        letGo(entry);
        archives.removeOf(entry, journal.since(entry));
        removeStored(entry.uid(), entry.id());
        journal.remove(entry);
    }

    /** A CRIU that is killed in the middle leaves the process that it looks into in pieces: it is given the time it was given. */
    private static void awaitEndOfDumps(CheckpointJournal.Entry entry) {
        boolean ended = Waiting.until(
                Duration.ofMinutes(3),
                () -> entry.containers().stream()
                        .noneMatch(container -> LauncherDump.isAtWork(
                                        new CheckpointUri(entry.uid(), entry.id(), container.name()).toString())
                                || isTraced(container)));
        if (!ended) {
            throw new AgentException(
                    Kind.UNAVAILABLE,
                    "pod " + entry.pod() + " is still being dumped for the checkpoint " + entry.id()
                            + "; see what CRIU does on the node");
        }
    }

    private static boolean isTraced(HeldContainer container) {
        return HeldProcesses.isThere(container)
                && !Processes.status(container.pid())
                        .getOrDefault("TracerPid", "0")
                        .equals("0");
    }

    /** Resumes all that was or may have been stopped for a checkpoint, unless another one holds the pod since. */
    private void letGo(CheckpointJournal.Entry entry) {
        Optional<Hold> hold = holds.of(entry.pod());
        if (hold.isEmpty()) {
            entry.containers().forEach(processes::resume);
        } else if (hold.get().checkpointId().equals(entry.id())) {
            holds.resume(entry.pod());
        }
    }

    private void removeStored(String podUid, String id) {
        steps.during(Step.REMOVE_CHECKPOINT, () -> {
            share.during("the removal of the checkpoint " + id, () -> {
                Path directory = directory(podUid, id);
                Durable.delete(directory.resolve(COMPLETE));
                Durable.delete(directory);
                try (Stream<Path> left = Files.list(share.root())) {
                    String dumps = "." + podUid + "-" + id + "-";
                    for (Path dump : left.filter(
                                    path -> path.getFileName().toString().startsWith(dumps))
                            .toList()) {
                        Durable.delete(dump);
                    }
                }
                Path pod = directory.getParent();
                if (pod != null && Files.isDirectory(pod)) {
                    try (Stream<Path> others = Files.list(pod)) {
                        if (others.findAny().isEmpty()) {
                            Files.deleteIfExists(pod);
                        }
                    }
                }
                return true;
            });
        });
    }

    private Path directory(String podUid, String id) {
        return share.root().resolve(podUid).resolve(id);
    }

    /** One call. */
    private final class Attempt {
        private final CheckpointOrder order;
        private final CheckpointListener listener;
        private final long start = System.nanoTime();

        Attempt(CheckpointOrder order, CheckpointListener listener) {
            this.order = order;
            this.listener = listener;
        }

        PodArtifact run() {
            Optional<PodArtifact> before = share.during("the checkpoint " + order.id(), this::completed);
            if (before.isPresent()) {
                return repeated(before.get());
            }
            // A former agent's attempt that could not be undone at its successor's start.
            journal.all().stream()
                    .filter(entry -> entry.uid().equals(order.source().uid())
                            && entry.id().equals(order.id()))
                    .forEach(Checkpoints.this::undo);
            List<NodeContainer> found =
                    containers.find(order.source(), order.containers()).containers();
            Map<NodeContainer, Taker> takers = new LinkedHashMap<>();
            found.forEach(container -> takers.put(container, taker(container, found.size())));
            Map<String, NodeContainer> volumes = volumes(found);
            check(takers);
            listener.progress(Progress.CHECKED, "", millis(), 0);
            List<HeldContainer> stopped = found.stream().map(Checkpoints::held).toList();
            CheckpointJournal.Entry entry = CheckpointJournal.Entry.of(order.source(), order.id(), stopped);
            Optional<Hold> hold = order.hold()
                    .map(terms -> steps.during(
                            Step.RECORD_HOLD,
                            () -> holds.begin(
                                    order.source(),
                                    terms.migration(),
                                    terms.migrationUid(),
                                    order.id(),
                                    stopped,
                                    terms.lease())));
            List<Dump.Taken> taken = new ArrayList<>();
            boolean later = order.durability() == Durability.LATER;
            boolean complete = false;
            try {
                hold.ifPresent(holds::requireWanted);
                steps.during(Step.RECORD_CHECKPOINT, () -> journal.put(entry));
                PodArtifact artifact = dumpAndStore(takers, volumes, taken, hold);
                steps.during(Step.COMPLETE_CHECKPOINT, () -> {
                    share.during("the mark of completeness", remaining(), () -> {
                        Durable.replace(
                                directory(order.source().uid(), order.id()).resolve(COMPLETE),
                                JSON.writeValueAsBytes(artifact),
                                order.durability());
                        return true;
                    });
                });
                complete = true;
                if (later) {
                    beginSync(entry, taken);
                } else {
                    journal.remove(entry);
                }
                return artifact;
            } catch (RuntimeException failure) {
                undoAfter(failure, entry);
                throw failure;
            } finally {
                if (!(complete && later)) {
                    taken.forEach(Dump.Taken::discard);
                }
            }
        }

        private void undoAfter(RuntimeException failure, CheckpointJournal.Entry entry) {
            try {
                letGo(entry);
                removeStored(entry.uid(), entry.id());
                journal.remove(entry);
            } catch (RuntimeException another) {
                // The record stays, and is tried again.
                failure.addSuppressed(another);
                LOG.error("cannot undo the failed checkpoint {} of pod {}", entry.id(), entry.pod(), another);
            }
        }

        private Optional<PodArtifact> completed() throws IOException {
            Path mark = directory(order.source().uid(), order.id()).resolve(COMPLETE);
            if (!Share.isThere(mark)) {
                return Optional.empty();
            }
            try {
                return Optional.of(JSON.readValue(Files.readAllBytes(mark), PodArtifact.class));
            } catch (JsonProcessingException garbage) {
                throw new IOException("the mark " + mark + " is garbage; delete the checkpoint", garbage);
            }
        }

        private PodArtifact repeated(PodArtifact artifact) {
            Optional<Hold> hold =
                    holds.of(order.source()).filter(held -> held.checkpointId().equals(order.id()));
            if (order.hold().isPresent() && hold.isEmpty()) {
                throw new AgentException(
                        Kind.FAILED_PRECONDITION,
                        "the checkpoint " + order.id() + " of pod " + order.source()
                                + " was taken, but the pod has gone on since; take another one");
            }
            return artifact;
        }

        private Taker taker(NodeContainer container, int count) {
            if (order.taker().isPresent()) {
                Taker wanted = order.taker().get();
                if (wanted == Taker.KUBELET && kubelet.isEmpty()) {
                    throw new AgentException(
                            Kind.FAILED_PRECONDITION,
                            "this node's agent has no access to a kubelet; set --kubelet, or let the launcher take the"
                                    + " checkpoint");
                }
                return wanted;
            }
            // The runtime's CRIU cannot dump the nested tree of a container of ours.
            boolean ours = OURS.contains(Processes.status(container.pid()).getOrDefault("Name", ""));
            return ours || kubelet.isEmpty() || count > 1 ? Taker.LAUNCHER : Taker.KUBELET;
        }

        private Map<String, NodeContainer> volumes(List<NodeContainer> found) {
            Map<String, NodeContainer> places = new LinkedHashMap<>();
            for (String volume : new LinkedHashSet<>(order.volumes())) {
                NodeContainer mounting = found.stream()
                        .filter(container -> container.mounts().containsKey(volume))
                        // The last one to be stopped: after it nobody writes to the volume.
                        .reduce((one, later) -> later)
                        .orElseThrow(() -> new AgentException(
                                Kind.FAILED_PRECONDITION,
                                "no container of pod " + order.source() + " mounts the volume '" + volume
                                        + "' as a whole; leave it out"));
                places.put(volume, mounting);
            }
            return places;
        }

        private void check(Map<NodeContainer, Taker> takers) {
            long memory = takers.keySet().stream()
                    .flatMap(container -> Processes.tree(container.pid()).stream())
                    .mapToLong(Checkpoints::residentBytes)
                    .sum();
            share.require(memory + MORE_BYTES);
        }

        private PodArtifact dumpAndStore(
                Map<NodeContainer, Taker> takers,
                Map<String, NodeContainer> volumes,
                List<Dump.Taken> taken,
                Optional<Hold> hold) {
            Map<NodeContainer, long[]> times = new LinkedHashMap<>();
            Map<NodeContainer, Dump.Taken> dumps = new LinkedHashMap<>();
            takers.forEach((container, taker) -> {
                Map<String, String> mounts = new LinkedHashMap<>();
                volumes.forEach((volume, mounting) -> {
                    if (mounting.equals(container)) {
                        mounts.put(volume, container.mounts().getOrDefault(volume, ""));
                    }
                });
                Dump by = taker == Taker.LAUNCHER ? launcher : kubelet.orElseThrow();
                Dump.Taken dump = by.take(new Dump.Job(order, container, uri(container), mounts), remaining());
                taken.add(dump);
                dumps.put(container, dump);
                requireStopped(container);
                times.put(container, new long[] {millis(dump.frozen()), millis(dump.dumped())});
                listener.progress(Progress.DUMPED, container.name(), millis(), 0);
            });
            if (hold.isPresent()) {
                holds.requireHeld(hold.get());
                listener.progress(Progress.HELD, "", millis(), 0);
            }
            List<ContainerArtifact> artifacts = new ArrayList<>();
            long[] bytes = new long[1];
            dumps.forEach((container, dump) -> {
                dump.store(remaining());
                ContainerArtifact artifact = share.during(
                        "the stored " + uri(container),
                        () -> artifact(
                                container,
                                takers.getOrDefault(container, Taker.LAUNCHER),
                                dump,
                                times.getOrDefault(container, new long[2])));
                artifacts.add(artifact);
                bytes[0] += artifact.sizeBytes();
                listener.progress(Progress.STORED, container.name(), millis(), bytes[0]);
            });
            List<VolumeArtifact> stored = share.during("the sizes of the volumes", () -> {
                List<VolumeArtifact> sizes = new ArrayList<>();
                for (String volume : volumes.keySet()) {
                    sizes.add(new VolumeArtifact(
                            volume,
                            Files.size(directory(order.source().uid(), order.id())
                                    .resolve(VOLUMES)
                                    .resolve(volume + ".tar.zst"))));
                }
                return sizes;
            });
            return new PodArtifact(artifacts, stored);
        }

        private void requireStopped(NodeContainer container) {
            if (!HeldProcesses.isThere(held(container))) {
                throw new AgentException(
                        Kind.ABORTED,
                        "the container '" + container.name() + "' of pod " + order.source()
                                + " ended during its checkpoint; see its exit code");
            }
            if (order.hold().isEmpty()) {
                return;
            }
            List<Integer> running = ApplicationTree.of(container.pid()).runningAfterStop();
            if (!running.isEmpty()) {
                throw new AgentException(
                        Kind.FAILED_PRECONDITION,
                        "processes " + running + " of the container '" + container.name() + "' of pod "
                                + order.source()
                                + " ran on after the dump, so that the hold is not one; see that the runtime reads the"
                                + " node's CRIU configuration, or let the launcher take the checkpoint");
            }
        }

        private ContainerArtifact artifact(NodeContainer container, Taker taker, Dump.Taken dump, long[] times)
                throws IOException {
            CheckpointUri uri = uri(container);
            var manifest = new Repository(share.root())
                    .inspect(uri, TrustedKeys.of(List.of()))
                    .container()
                    .manifest();
            Provenance provenance = manifest.provenance();
            Path directory = uri.directory(share.root());
            String criu = provenance.criuVersion();
            return new ContainerArtifact(
                    container.name(),
                    Files.exists(directory.resolve("dump.tar.zst")) ? uri + "/dump.tar.zst" : uri.toString(),
                    Manifests.digest(uri, share.root()),
                    size(directory),
                    taker,
                    criu == null ? dump.criuVersion() : criu,
                    provenance.runtime(),
                    provenance.architecture(),
                    times[0],
                    times[1]);
        }

        private CheckpointUri uri(NodeContainer container) {
            return new CheckpointUri(order.source().uid(), order.id(), container.name());
        }

        private long millis() {
            return millis(System.nanoTime());
        }

        private long millis(long nanoTime) {
            return (nanoTime - start) / 1_000_000;
        }

        private Duration remaining() {
            Duration left = order.deadline().minusMillis(millis());
            if (left.isNegative() || left.isZero()) {
                throw new AgentException(
                        Kind.DEADLINE_EXCEEDED,
                        "the checkpoint " + order.id() + " of pod " + order.source() + " was not done within "
                                + order.deadline().toMillis() + " ms and was undone; give it longer");
            }
            return left;
        }
    }

    private static HeldContainer held(NodeContainer container) {
        return new HeldContainer(container.name(), container.pid(), container.identity());
    }

    private static long size(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private static long residentBytes(int pid) {
        // For example "1234 kB".
        String[] words = Processes.status(pid).getOrDefault("VmRSS", "0 kB").split(" ");
        return Long.parseLong(words[0]) << 10;
    }
}
