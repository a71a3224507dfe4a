package domain.my.lpm.agent.restore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.Share;
import domain.my.lpm.agent.Waiting;
import domain.my.lpm.agent.node.Containers;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.node.NodeContainer;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.restore.EntryWord;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The standby pods of this node: their launchers are started, released, told the word, or withdrawn. Every call may be
 * repeated; nothing is remembered but what is on the disk, so that it may be repeated at another agent's life, too. Of the
 * calls for one pod, one is at work at a time.
 */
public final class Standbys {
    private static final Logger LOG = LoggerFactory.getLogger(Standbys.class);
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final Duration READY = Duration.ofMinutes(2);
    private static final Duration STARTED = Duration.ofSeconds(5);
    private static final Duration STOPPED = Duration.ofSeconds(20);
    private static final Duration GONE = Duration.ofSeconds(20);
    private static final String WAITS = "lpm-standby";
    /** The place of a volume that another container of the pod restores. */
    private static final String ANOTHERS = "";

    /** States of a launcher whose container's volumes may not be complete yet. */
    private static final Set<State> PLACING = Set.of(State.PREPARING, State.STANDBY, State.STAGING);

    /** A launcher that lives does what it is told within a fraction of this. */
    private static final Duration DEAF = Duration.ofSeconds(8);

    /** States of a launcher whose copy has taken over. */
    private static final Set<State> RAN = Set.of(State.RESTORED, State.FRESH);

    private static final Set<String> RUNS = Set.of("lpm-restored", "lpm-fresh");

    private final Containers containers;
    private final Launchers launchers;
    private final Share share;
    private final Places places;
    private final StepListener steps;
    private final Map<String, Object> locks = new ConcurrentHashMap<>();

    /** Does nothing yet. */
    public Standbys(Containers containers, Launchers launchers, Share share, Places places, StepListener steps) {
        this.containers = containers;
        this.launchers = launchers;
        this.share = share;
        this.places = places;
        this.steps = steps;
    }

    /** Is told of a container's state. */
    public interface Progress {
        /** The container has come to this state. */
        void state(String container, State state);
    }

    /**
     * Starts a launcher in every container and waits until all are ready for their release. A launcher that stands by there
     * already, started for the same, is left as it is.
     *
     * @throws AgentException if there is no such pod, or a launcher cannot stand by; the others are ended then
     */
    public void prepare(StandbyOrder order) {
        synchronized (lock(order.target())) {
            Containers.Found found = containers.find(order.target(), order.containers());
            Set<String> unplaced = new HashSet<>(order.volumes());
            Map<String, Standby> started = new LinkedHashMap<>();
            try {
                for (NodeContainer container : found.containers()) {
                    Map<String, String> volumes = new LinkedHashMap<>();
                    for (String volume : order.volumes()) {
                        String path = container.mounts().get(volume);
                        volumes.put(volume, path != null && unplaced.remove(volume) ? path : ANOTHERS);
                    }
                    Standby standby = standby(order.target(), container.name());
                    Standby.Record wanted = new Standby.Record(
                            order.target(),
                            container.name(),
                            container.pid(),
                            container.identity(),
                            arguments(order, container, volumes, standby),
                            null,
                            null);
                    if (!stands(standby, wanted)) {
                        requireWaiting(order.target(), container.name(), container.pid());
                        start(standby, wanted);
                    }
                    started.put(container.name(), standby);
                }
                if (!unplaced.isEmpty()) {
                    throw new AgentException(
                            Kind.FAILED_PRECONDITION,
                            "no container of pod " + order.target() + " mounts the volumes " + unplaced
                                    + " whose content is to come; make the pod as its source is");
                }
                started.forEach((name, standby) -> awaitReady(order.target(), name, standby));
            } catch (RuntimeException failure) {
                started.values().forEach(standby -> {
                    standby.kill();
                    standby.delete();
                });
                throw failure;
            }
        }
    }

    private static boolean stands(Standby standby, Standby.Record wanted) {
        return standby.isListening()
                && standby.record()
                        .filter(record -> record.identity().equals(wanted.identity())
                                && record.arguments().equals(wanted.arguments()))
                        .isPresent();
    }

    private void start(Standby standby, Standby.Record record) {
        standby.kill();
        standby.make(record);
        steps.during(Step.START_LAUNCHER, () -> drain(launchers.start(record.arguments()), record.container()));
    }

    /** Nobody reads what a launcher says when its agent has died; its status says the same. */
    private static void drain(Process launcher, String container) {
        Thread reader = new Thread(
                () -> {
                    try (var lines = launcher.errorReader()) {
                        lines.lines().forEach(line -> LOG.info("launcher of {}: {}", container, line));
                    } catch (IOException | UncheckedIOException ended) {
                        // It has said all.
                    }
                },
                "launcher-" + container);
        reader.setDaemon(true);
        reader.start();
    }

    private static void awaitReady(PodReference target, String name, Standby standby) {
        boolean[] heard = new boolean[1];
        boolean ready = Waiting.until(READY, () -> {
            boolean listening = standby.isListening();
            boolean ended = heard[0] && !listening;
            heard[0] |= listening;
            State state = standby.state();
            return state != State.PREPARING || ended;
        });
        if (ready && standby.state() == State.PREPARING) {
            throw new AgentException(
                    Kind.FAILED_PRECONDITION,
                    "the launcher of the container '" + name + "' of pod " + target
                            + " ended before it stood by; see the agent's log");
        }
        if (!ready) {
            throw new AgentException(
                    Kind.DEADLINE_EXCEEDED,
                    "the launcher of the container '" + name + "' of pod " + target + " was not ready within "
                            + READY.toSeconds() + " s; see the agent's log and the load of the node");
        }
        if (standby.state().isFinal() || standby.state() == State.UNRESTORABLE) {
            String reason = standby.status().map(Status::message).orElse("it ended");
            throw new AgentException(
                    Kind.FAILED_PRECONDITION,
                    "the launcher of the container '" + name + "' of pod " + target + " cannot stand by: " + reason);
        }
    }

    private List<String> arguments(
            StandbyOrder order, NodeContainer container, Map<String, String> volumes, Standby standby) {
        List<String> arguments = new ArrayList<>(List.of(
                "restore",
                "--standby",
                "--pid",
                Integer.toString(launchers.pid(container.pid())),
                "--namespace",
                order.sourceNamespace(),
                "--pod",
                order.sourceName(),
                "--container",
                container.name(),
                "--repository",
                places.repository().toString(),
                "--staging",
                places.staging().toString(),
                "--trusted-keys",
                places.trustedKeys().toString(),
                "--claimant",
                order.target().uid() + "/" + container.id(),
                "--tcp",
                order.tcp().name().toLowerCase(Locale.ROOT),
                "--on-failure",
                order.fresh() ? "fresh" : "fail",
                "--on-consumed",
                order.fresh() ? "fresh" : "fail"));
        if (order.lazy()) {
            arguments.add("--lazy");
        }
        volumes.forEach((name, path) -> arguments.addAll(List.of("--volume", name + "=" + path)));
        arguments.addAll(standby.options());
        return arguments;
    }

    /**
     * Releases every launcher of a pod with its checkpoint and waits until each is complete, or cannot be restored. If one
     * fails, all are undone. One that was released with the same before is followed further.
     *
     * @throws AgentException if a container has no launcher, or one with another checkpoint; the digest is another;
     *     DEADLINE_EXCEEDED when it takes too long, and all is undone then
     */
    public List<Outcome> restore(PodReference target, List<Release> releases, Duration deadline, Progress progress) {
        synchronized (lock(target)) {
            long end = System.nanoTime() + deadline.toNanos();
            Map<Release, Standby> standbys = new LinkedHashMap<>();
            for (Release release : releases) {
                Standby standby = standby(target, release.container());
                Standby.Record record = require(target, release.container(), standby);
                if (record.uri() != null && !record.isReleasedWith(release)) {
                    throw new AgentException(
                            Kind.FAILED_PRECONDITION,
                            "the container '" + release.container() + "' of pod " + target + " was released with "
                                    + record.uri() + " (" + record.digest() + "); withdraw it and make a new target");
                }
                standbys.put(release, standby);
            }
            requireAllOf(target, standbys.keySet());
            share.during("the manifests of " + target, () -> {
                for (Release release : releases) {
                    Manifests.require(release, launchers.seen(places.repository()));
                }
                return true;
            });
            standbys.forEach((release, standby) -> {
                release(target, release, standby);
                if (standbys.size() > 1
                        && standby.record().filter(Standbys::fillsVolumes).isPresent()) {
                    // Those that follow may hold files on these volumes open.
                    Waiting.until(
                            Duration.ofNanos(Math.max(0, end - System.nanoTime())),
                            () -> !PLACING.contains(standby.state()) || !standby.isListening());
                }
            });
            return follow(
                    target,
                    standbys,
                    end,
                    progress,
                    state -> state == State.COMPLETE || state == State.UNRESTORABLE || state.isFinal());
        }
    }

    private void requireAllOf(PodReference target, Set<Release> releases) {
        Set<String> named = releases.stream().map(Release::container).collect(Collectors.toSet());
        Set<String> missing = new HashSet<>(standbysOf(target).keySet());
        missing.removeAll(named);
        if (!missing.isEmpty()) {
            throw new AgentException(
                    Kind.FAILED_PRECONDITION,
                    "the containers " + missing + " of pod " + target
                            + " stand by and were given no checkpoint; a pod is restored as a whole");
        }
    }

    private void release(PodReference target, Release release, Standby standby) {
        Standby.Record record = require(target, release.container(), standby);
        if (record.uri() != null && standby.state() != State.STANDBY) {
            if (!standby.isListening() && !hasEnded(standby) && isWaiting(record)) {
                startAgain(target, release.container(), standby, record);
            } else {
                return;
            }
        }
        standby.released(record.released(release));
        steps.during(Step.RELEASE, () -> {
            if (!standby.release(release) && !runs(record)) {
                startAgain(target, release.container(), standby, record.released(release));
                standby.release(release);
            }
        });
    }

    private static boolean fillsVolumes(Standby.Record record) {
        List<String> arguments = record.arguments();
        return IntStream.range(1, arguments.size())
                .anyMatch(index -> arguments.get(index - 1).equals("--volume")
                        && !arguments.get(index).endsWith("=" + ANOTHERS));
    }

    private static boolean hasEnded(Standby standby) {
        return standby.state().isFinal();
    }

    /** A launcher that died has left its container waiting, for the next one. */
    private void startAgain(PodReference target, String name, Standby standby, Standby.Record record) {
        LOG.warn("the launcher of the container {} of pod {} has died; another one is started", name, target);
        requireWaiting(target, name, record.pid());
        // What the dead one laid down is there, and other containers may hold it open.
        boolean filled = record.uri() != null && !PLACING.contains(standby.state());
        start(standby, filled ? withVolumesOfAnother(record) : record);
        awaitReady(target, name, standby);
    }

    private static Standby.Record withVolumesOfAnother(Standby.Record record) {
        List<String> arguments = new ArrayList<>(record.arguments());
        for (int index = 1; index < arguments.size(); index++) {
            if (arguments.get(index - 1).equals("--volume")) {
                String volume = arguments.get(index);
                arguments.set(index, volume.substring(0, volume.indexOf('=') + 1) + ANOTHERS);
            }
        }
        return new Standby.Record(
                record.target(),
                record.container(),
                record.pid(),
                record.identity(),
                arguments,
                record.uri(),
                record.digest());
    }

    private List<Outcome> follow(
            PodReference target,
            Map<Release, Standby> standbys,
            long end,
            Progress progress,
            Predicate<State> reached) {
        Map<String, State> told = new LinkedHashMap<>();
        boolean inTime = Waiting.until(Duration.ofNanos(Math.max(0, end - System.nanoTime())), () -> {
            boolean all = true;
            for (Map.Entry<Release, Standby> entry : standbys.entrySet()) {
                State state = entry.getValue().state();
                String name = entry.getKey().container();
                if (told.put(name, state) != state) {
                    progress.state(name, state);
                }
                if (!reached.test(state) && !entry.getValue().isListening()) {
                    // It may have come to its end between the two looks.
                    state = entry.getValue().state();
                    if (!reached.test(state)) {
                        continue;
                    }
                }
                all &= reached.test(state);
            }
            return all;
        });
        if (!inTime) {
            standbys.values().forEach(this::stop);
            throw new AgentException(
                    Kind.DEADLINE_EXCEEDED,
                    "pod " + target + " was not restored in time and was undone; its containers were " + told
                            + "; give it longer, or look at the load of the node");
        }
        List<Outcome> outcomes = standbys.entrySet().stream()
                .map(entry -> outcome(entry.getKey().container(), entry.getValue()))
                .toList();
        Optional<Outcome> failed = outcomes.stream()
                .filter(outcome -> outcome.kind() == Outcome.Kind.FAILED)
                .findFirst();
        if (failed.isEmpty() || outcomes.stream().anyMatch(outcome -> isRunning(outcome.kind()))) {
            return outcomes;
        }
        // All or none.
        List<Outcome> undone = new ArrayList<>();
        standbys.forEach((release, standby) -> {
            Outcome outcome = outcome(release.container(), standby);
            if (outcome.kind() != Outcome.Kind.FAILED) {
                stop(standby);
                outcome = new Outcome(
                        release.container(),
                        Outcome.Kind.FAILED,
                        "it was undone, as the container '" + failed.get().container() + "' failed: "
                                + failed.get().message(),
                        outcome.timingsMillis(),
                        outcome.statusJson());
            }
            undone.add(outcome);
        });
        return undone;
    }

    private static boolean isRunning(Outcome.Kind kind) {
        return kind == Outcome.Kind.RUNNING || kind == Outcome.Kind.FRESH;
    }

    private static Outcome outcome(String container, Standby standby) {
        Optional<Status> status = standby.status();
        boolean runs = standby.record().filter(Standbys::runs).isPresent();
        Outcome.Kind kind = switch (status.map(Status::state).orElse(State.PREPARING)) {
            case COMPLETE ->
                runs ? Outcome.Kind.RUNNING : standby.isListening() ? Outcome.Kind.COMPLETE : Outcome.Kind.FAILED;
            case UNRESTORABLE -> standby.isListening() ? Outcome.Kind.UNRESTORABLE : Outcome.Kind.FAILED;
            case RESTORED -> Outcome.Kind.RUNNING;
            case FRESH -> Outcome.Kind.FRESH;
            case FAILED, PREPARING, STANDBY, STAGING, RESTORING -> Outcome.Kind.FAILED;
        };
        String message = status.map(Status::message).orElse("");
        if (kind == Outcome.Kind.FAILED && message.isEmpty()) {
            message = "its launcher died while it was "
                    + status.map(Status::state).orElse(State.PREPARING).name().toLowerCase(Locale.ROOT)
                    + "; repeat the call";
        }
        return new Outcome(
                container,
                kind,
                message,
                status.map(Status::timingsMillis).orElse(Map.of()),
                status.map(Standbys::json).orElse(""));
    }

    private static String json(Status status) {
        try {
            return JSON.writeValueAsString(status);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Lets a complete pod run, or starts all of it anew; returns when it runs. A launcher that has died since it was complete
     * is replaced, and restores again what was decided to run.
     *
     * @throws AgentException FAILED_PRECONDITION if a container is not complete; nothing is told to run then
     */
    public List<Outcome> run(PodReference target, boolean fresh, Duration deadline) {
        synchronized (lock(target)) {
            long end = System.nanoTime() + deadline.toNanos();
            Map<String, Standby> standbys = standbysOf(target);
            if (standbys.isEmpty()) {
                throw new AgentException(
                        Kind.NOT_FOUND,
                        "pod " + target + " has no launchers on this node; ask the agent of the node it is on");
            }
            for (int attempt = 0; ; attempt++) {
                complete(target, standbys, fresh, end);
                standbys.forEach((name, standby) -> sayRun(standby, fresh));
                List<Outcome> outcomes = awaitRunning(standbys, end);
                boolean all = outcomes.stream().allMatch(outcome -> isRunning(outcome.kind()));
                if (all) {
                    return outcomes;
                }
                List<Standby> deaf = standbys.values().stream()
                        .filter(standby -> !hasEnded(standby)
                                && standby.record().filter(Standbys::isWaiting).isPresent())
                        .toList();
                if (deaf.isEmpty() || attempt == 2) {
                    return outcomes;
                }
                // One that hangs is as good as dead, and nothing of its container has run: the next one restores it
                // again.
                deaf.forEach(Standby::kill);
            }
        }
    }

    /** Brings every container whose launcher has died back to where it was. */
    private void complete(PodReference target, Map<String, Standby> standbys, boolean fresh, long end) {
        Map<Release, Standby> again = new LinkedHashMap<>();
        for (Map.Entry<String, Standby> entry : standbys.entrySet()) {
            Standby standby = entry.getValue();
            Standby.Record record = require(target, entry.getKey(), standby);
            State state = standby.state();
            if (runs(record) || hasEnded(standby) || (standby.isListening() && isDecidable(state, fresh))) {
                continue;
            }
            if (standby.isListening() || record.uri() == null || record.digest() == null) {
                throw new AgentException(
                        Kind.FAILED_PRECONDITION,
                        "the container '" + entry.getKey() + "' of pod " + target + " is "
                                + state.name().toLowerCase(Locale.ROOT) + " and cannot run yet; call Restore before");
            }
            again.put(
                    new Release(
                            entry.getKey(),
                            domain.my.lpm.checkpoint.repository.CheckpointUri.parse(record.uri()),
                            record.digest()),
                    standby);
        }
        again.forEach((release, standby) -> release(target, release, standby));
        if (!again.isEmpty()) {
            Waiting.until(
                    Duration.ofNanos(Math.max(0, end - System.nanoTime())),
                    () -> again.values().stream()
                            .allMatch(standby ->
                                    isDecidable(standby.state(), true) || hasEnded(standby) || !standby.isListening()));
        }
    }

    private static boolean isDecidable(State state, boolean fresh) {
        return state == State.COMPLETE || (fresh && state == State.UNRESTORABLE);
    }

    private void sayRun(Standby standby, boolean fresh) {
        if (!isDecidable(standby.state(), fresh)) {
            return;
        }
        steps.during(fresh ? Step.SAY_FRESH : Step.SAY_RUN, () -> standby.say(fresh ? "fresh" : "run"));
    }

    private static List<Outcome> awaitRunning(Map<String, Standby> standbys, long end) {
        Waiting.until(
                Duration.ofNanos(Math.max(0, Math.min(DEAF.toNanos(), end - System.nanoTime()))),
                () -> standbys.values().stream().allMatch(standby -> hasEnded(standby) || !standby.isListening()));
        return standbys.entrySet().stream()
                .map(entry -> outcome(entry.getKey(), entry.getValue()))
                .toList();
    }

    /**
     * Ends the launchers of a pod; what they have restored is undone. A pod that has none, or is gone, is withdrawn already.
     *
     * @throws AgentException FAILED_PRECONDITION if a container of it runs
     */
    public void withdraw(PodReference target) {
        synchronized (lock(target)) {
            Map<String, Standby> standbys = standbysOf(target);
            standbys.forEach((name, standby) -> {
                if (standby.record().filter(Standbys::runs).isPresent()) {
                    throw new AgentException(
                            Kind.FAILED_PRECONDITION,
                            "the container '" + name + "' of pod " + target
                                    + " runs and cannot be withdrawn; delete the pod if it is not to live");
                }
            });
            standbys.values().forEach(this::stop);
            standbys.forEach((name, standby) -> {
                standby.record().ifPresent(record -> requireEmpty(target, name, record));
                standby.delete();
            });
            deleteDirectory(target);
        }
    }

    /**
     * To be called now and then: removes what is kept of the launchers of pods that are gone from the API and from this node.
     */
    public void forgetGone() {
        Path directory = launchers.seen(places.directory());
        if (!Files.isDirectory(directory)) {
            return;
        }
        List<Path> pods;
        try (Stream<Path> names = Files.list(directory)) {
            pods = names.toList();
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot list the launchers in " + directory, problem);
        }
        for (Path pod : pods) {
            try (Stream<Path> names = Files.list(pod)) {
                names.map(name -> new Standby(name, name).record())
                        .flatMap(Optional::stream)
                        .findFirst()
                        .map(Standby.Record::target)
                        .ifPresent(this::forgetIfGone);
            } catch (NotDirectoryException | NoSuchFileException other) {
                // No pod's, or withdrawn meanwhile.
            } catch (IOException problem) {
                throw new UncheckedIOException("cannot list the launchers in " + pod, problem);
            }
        }
    }

    /**
     * To be called where no agent will come after this one: ends every launcher whose copy has not taken over, and forgets all
     * that have ended.
     *
     * @return the launchers that still bring memory to a copy that runs, which would end with them
     */
    public List<Path> endAll() {
        List<Path> left = new ArrayList<>();
        Path directory = launchers.seen(places.directory());
        if (!Files.isDirectory(directory)) {
            return left;
        }
        try (Stream<Path> pods = Files.list(directory)) {
            for (Path pod : pods.filter(Files::isDirectory).toList()) {
                try (Stream<Path> names = Files.list(pod)) {
                    for (Path name : names.toList()) {
                        // By the name that its launcher knows it by.
                        Standby standby = new Standby(
                                name,
                                places.directory()
                                        .resolve(pod.getFileName().toString())
                                        .resolve(name.getFileName().toString()));
                        boolean runs = RAN.contains(standby.state());
                        if (!runs) {
                            stop(standby);
                        }
                        if (runs && standby.isListening()) {
                            left.add(name);
                        } else {
                            standby.delete();
                        }
                    }
                }
                if (left.stream().noneMatch(name -> name.startsWith(pod))) {
                    Files.delete(pod);
                }
            }
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot list the launchers in " + directory, problem);
        }
        return left;
    }

    /**
     * To be called often: a container of a copy that has taken over, and was started again since, waits for a restore that will not
     * come, as its checkpoint is consumed. Its application begins anew, as that of any container that is started again.
     *
     * @param held the pods which another copy takes over from, or has taken over from: nothing of theirs is started
     */
    public void startRestarted(Predicate<PodReference> held) {
        Path directory = launchers.seen(places.directory());
        if (!Files.isDirectory(directory)) {
            return;
        }
        List<Standby.Record> ended = new ArrayList<>();
        try (Stream<Path> pods = Files.list(directory)) {
            for (Path pod : pods.filter(Files::isDirectory).toList()) {
                try (Stream<Path> names = Files.list(pod)) {
                    names.map(name -> new Standby(name, name))
                            .filter(standby -> RAN.contains(standby.state()))
                            .flatMap(standby -> standby.record().stream())
                            .filter(record -> !isThere(record))
                            .forEach(ended::add);
                } catch (NoSuchFileException forgotten) {
                    // Its pod is gone.
                }
            }
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot list the launchers in " + directory, problem);
        }
        ended.stream().filter(record -> !held.test(record.target())).forEach(this::startRestarted);
    }

    private void startRestarted(Standby.Record ended) {
        synchronized (lock(ended.target())) {
            Containers.Found found;
            try {
                found = containers.find(ended.target(), List.of(ended.container()));
            } catch (AgentException absent) {
                LOG.debug("not started again: {}", absent.getMessage());
                return;
            }
            NodeContainer container = found.containers().get(0);
            Standby standby = standby(ended.target(), ended.container());
            boolean waits = RAN.contains(standby.state())
                    && standby.record().filter(ended::equals).isPresent()
                    && name(container.pid()).equals(WAITS);
            if (!waits || found.pod().isMarkedForDeletion()) {
                return;
            }
            LOG.info("the container {} of pod {} was started again and begins anew", ended.container(), ended.target());
            steps.during(Step.START_ANEW, () -> EntryWord.START_FRESH.tell(container.pid(), 0));
            standby.restarted(ended.in(container));
        }
    }

    private void forgetIfGone(PodReference target) {
        synchronized (lock(target)) {
            Map<String, Standby> standbys = standbysOf(target);
            boolean lives = standbys.values().stream()
                    .anyMatch(standby ->
                            standby.record().filter(Standbys::isThere).isPresent());
            if (!lives && containers.isGone(target)) {
                standbys.values().forEach(Standby::kill);
                standbys.values().forEach(Standby::delete);
                deleteDirectory(target);
            }
        }
    }

    private void stop(Standby standby) {
        steps.during(Step.SAY_STOP, () -> {
            if (standby.say("stop") && !Waiting.until(STOPPED, () -> !standby.isListening())) {
                standby.kill();
            }
        });
    }

    /** Nothing restored is left below the container's first process. */
    private static void requireEmpty(PodReference target, String name, Standby.Record record) {
        boolean empty = Waiting.until(
                GONE,
                () -> !isThere(record)
                        || Processes.tree(record.pid()).stream()
                                        .filter(pid -> Processes.state(pid)
                                                .filter(state -> state != 'Z')
                                                .isPresent())
                                        .count()
                                <= 1);
        if (!empty) {
            throw new AgentException(
                    Kind.UNAVAILABLE,
                    "what was restored in the container '" + name + "' of pod " + target
                            + " is not gone yet; repeat the call, or delete the pod");
        }
    }

    private static boolean isThere(Standby.Record record) {
        return Processes.exists(record.pid())
                && Processes.state(record.pid()).filter(state -> state != 'Z').isPresent()
                && Processes.identity(record.pid()).equals(record.identity());
    }

    private static boolean isWaiting(Standby.Record record) {
        return isThere(record) && name(record.pid()).equals(WAITS);
    }

    private static boolean runs(Standby.Record record) {
        return isThere(record) && RUNS.contains(name(record.pid()));
    }

    private static String name(int pid) {
        return Processes.status(pid).getOrDefault("Name", "");
    }

    private static void requireWaiting(PodReference target, String container, int pid) {
        // A container counts as started when its runtime's own process is about to become the entry.
        Waiting.until(STARTED, () -> name(pid).equals(WAITS) || RUNS.contains(name(pid)) || !Processes.exists(pid));
        String name = name(pid);
        if (!name.equals(WAITS)) {
            throw new AgentException(
                    Kind.FAILED_PRECONDITION,
                    "the first process of the container '" + container + "' of pod " + target + " is '" + name
                            + "' and not an entry that waits for a restore; make a new target pod, which the webhook prepares");
        }
    }

    private static Standby.Record require(PodReference target, String container, Standby standby) {
        Standby.Record record = standby.record()
                .orElseThrow(() -> new AgentException(
                        Kind.FAILED_PRECONDITION,
                        "the container '" + container + "' of pod " + target
                                + " has no launcher; call Prepare before"));
        if (!isThere(record) && !standby.state().isFinal()) {
            throw new AgentException(
                    Kind.ABORTED,
                    "the container '" + container + "' of pod " + target
                            + " has ended or was restarted since its launcher stood by; make a new target pod");
        }
        return record;
    }

    private Standby standby(PodReference target, String container) {
        Path there = places.directory().resolve(target.uid()).resolve(container);
        return new Standby(launchers.seen(there), there);
    }

    /** Those that were started for a pod, by container. */
    private Map<String, Standby> standbysOf(PodReference target) {
        Path directory = launchers.seen(places.directory().resolve(target.uid()));
        if (!Files.isDirectory(directory)) {
            return Map.of();
        }
        try (Stream<Path> names = Files.list(directory)) {
            Map<String, Standby> found = new LinkedHashMap<>();
            names.sorted().forEach(path -> {
                String name = path.getFileName().toString();
                Standby standby = standby(target, name);
                if (standby.record().isPresent()) {
                    found.put(name, standby);
                }
            });
            return found;
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot list the launchers in " + directory, problem);
        }
    }

    private void deleteDirectory(PodReference target) {
        try {
            Files.deleteIfExists(launchers.seen(places.directory().resolve(target.uid())));
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot remove the launchers' directory of pod " + target, problem);
        }
    }

    private Object lock(PodReference target) {
        return locks.computeIfAbsent(target.uid(), uid -> new Object());
    }
}
