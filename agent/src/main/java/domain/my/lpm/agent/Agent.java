package domain.my.lpm.agent;

import domain.my.lpm.agent.checkpoint.Checkpoints;
import domain.my.lpm.agent.hold.HoldRecords;
import domain.my.lpm.agent.hold.Holds;
import domain.my.lpm.agent.image.StoredCheckpoints;
import domain.my.lpm.agent.node.Containers;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.node.NodeProbe;
import domain.my.lpm.agent.restore.Standbys;
import domain.my.lpm.agent.server.AgentServer;
import domain.my.lpm.agent.server.AgentService;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An agent at work on one node. */
public final class Agent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    /** How often it is looked for containers of copies that were started again; the API is asked only where one has ended. */
    private static final Duration RESTARTED = Duration.ofSeconds(2);

    /** How often it is tried again to undo a checkpoint, as on a share that could not be written. */
    private static final Duration UNDONE = Duration.ofSeconds(10);

    /** How often it is looked for records of what is over; the API is asked only where there are some. */
    private static final Duration OVER = Duration.ofSeconds(15);

    /** How often it is looked whether the node's runtime was started anew. */
    private static final Duration RUNTIME = Duration.ofSeconds(5);

    private final AgentServer server;
    private final ScheduledExecutorService turns;
    private final String endpoint;

    private Agent(AgentServer server, ScheduledExecutorService turns, String endpoint) {
        this.server = server;
        this.turns = turns;
        this.endpoint = endpoint;
    }

    /**
     * Takes up what a former agent left, and serves. Returns when calls are answered.
     *
     * @throws RuntimeException if it cannot serve; the message says why
     */
    public static Agent start(AgentSettings settings, AgentEdges edges) {
        Launchers launchers = edges.launchers();
        Share share = new Share(launchers.seen(settings.places().repository()), settings.sharePatience());
        Path state = launchers.seen(settings.state());
        Holds holds = new Holds(
                new HoldRecords(state.resolve("holds")), edges.heldProcesses(), edges.commits(), edges.clock());
        Containers containers = new Containers(settings.node(), edges.api());
        Checkpoints checkpoints = Checkpoints.create(settings, edges, containers, holds, share, state);
        Standbys standbys = new Standbys(containers, launchers, share, settings.places(), edges.steps());
        NodeProbe probe = new NodeProbe(
                settings, launchers, edges.api(), share, edges.kubelet().isPresent(), edges.clock(), edges.steps());
        holds.takeUp();
        checkpoints.takeUp();
        AgentServer server = AgentServer.start(
                settings,
                new AgentService(
                        checkpoints,
                        standbys,
                        holds,
                        new StoredCheckpoints(launchers, settings.places(), share, settings.images(), edges.steps()),
                        probe));
        String endpoint = settings.endpoint().isEmpty() ? settings.listen() + ":" + server.port() : settings.endpoint();
        ScheduledExecutorService turns = Executors.newScheduledThreadPool(3, task -> {
            Thread thread = new Thread(task, "agent");
            thread.setDaemon(true);
            return thread;
        });
        long check = settings.leaseCheck().toMillis();
        turns.scheduleWithFixedDelay(guarded("leases", holds::endLapsed), check, check, TimeUnit.MILLISECONDS);
        turns.scheduleWithFixedDelay(
                guarded(
                        "containers that were started again",
                        () -> standbys.startRestarted(pod -> holds.of(pod).isPresent())),
                RESTARTED.toMillis(),
                RESTARTED.toMillis(),
                TimeUnit.MILLISECONDS);
        turns.scheduleWithFixedDelay(
                guarded("checkpoints that were not undone", checkpoints::undoLeft),
                UNDONE.toMillis(),
                UNDONE.toMillis(),
                TimeUnit.MILLISECONDS);
        turns.scheduleWithFixedDelay(
                guarded("the node", () -> probe.publish(endpoint)),
                0,
                settings.probe().toMillis(),
                TimeUnit.MILLISECONDS);
        turns.scheduleWithFixedDelay(
                guarded("the runtime", () -> {
                    if (probe.runtimeRestarted()) {
                        probe.publish(endpoint);
                    }
                }),
                RUNTIME.toMillis(),
                RUNTIME.toMillis(),
                TimeUnit.MILLISECONDS);
        turns.scheduleWithFixedDelay(
                guarded("what is over", () -> {
                    holds.forgetEnded();
                    standbys.forgetGone();
                }),
                OVER.toMillis(),
                OVER.toMillis(),
                TimeUnit.MILLISECONDS);
        LOG.info("the agent of node {} serves at {}", settings.node(), endpoint);
        return new Agent(server, turns, endpoint);
    }

    /** What fails once is done again at the next turn. */
    private static Runnable guarded(String what, Runnable turn) {
        return () -> {
            try {
                turn.run();
            } catch (RuntimeException failure) {
                LOG.error("cannot look after {}", what, failure);
            }
        };
    }

    /** {@code host:port} at which it is reached. */
    public String endpoint() {
        return endpoint;
    }

    /** The port it listens at. */
    public int port() {
        return server.port();
    }

    /** Finishes the calls at work and ends. Held pods stay held, launchers that stand by do so. */
    @Override
    public void close() {
        // Not interrupted: what resumes a pod finishes it.
        turns.shutdown();
        server.close();
    }
}
