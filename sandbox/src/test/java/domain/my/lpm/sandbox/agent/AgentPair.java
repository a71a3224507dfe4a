package domain.my.lpm.sandbox.agent;

import domain.my.lpm.agent.Agent;
import domain.my.lpm.agent.protocol.AgentGrpc;
import domain.my.lpm.agent.protocol.AgentGrpc.AgentBlockingStub;
import domain.my.lpm.agent.protocol.CheckpointEvent;
import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerArtifact;
import domain.my.lpm.agent.protocol.ContainerRelease;
import domain.my.lpm.agent.protocol.HoldTerms;
import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.agent.protocol.PodReference;
import domain.my.lpm.agent.protocol.RestoreEvent;
import domain.my.lpm.agent.protocol.RestoreOutcome;
import domain.my.lpm.agent.protocol.RestoreRequest;
import domain.my.lpm.agent.protocol.StoredForm;
import domain.my.lpm.agent.protocol.Taker;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.migration.Cluster;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Two sandbox nodes with an agent each, and who calls them. */
final class AgentPair implements AutoCloseable {
    static final long LEASE_MILLIS = 60_000;

    final Cluster cluster;
    final FileApi api;
    final Certificates certificates;
    private final Path directory;
    private final List<AutoCloseable> open = new ArrayList<>();

    AgentPair(Settings settings) {
        try {
            directory = Files.createTempDirectory("agents");
            api = new FileApi(Files.createDirectory(directory.resolve("api")));
            certificates = new Certificates(directory.resolve("certificates"));
            for (String name : List.of("source", "target", AgentProcess.CONTROLLER, "stranger.lpm")) {
                certificates.issue(name);
            }
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
        cluster = new Cluster(settings);
    }

    /** An agent that is at work; closing it ends it. */
    record Served(int port, AgentBlockingStub stub, ManagedChannel channel, AutoCloseable agent)
            implements AutoCloseable {
        @Override
        public void close() throws Exception {
            channel.shutdownNow();
            agent.close();
        }
    }

    /** An agent in this JVM. */
    Served serve(Node node) {
        return serve(node, StepListener.NONE);
    }

    Served serve(Node node, StepListener steps) {
        Agent agent = AgentProcess.start(node.name(), node.pid(), api, directory.resolve("certificates"), steps);
        return served(node, agent.port(), agent);
    }

    /** An agent in a JVM of its own, which ends at once at a step: {@code before RELEASE}, say. Closing it kills it. */
    Served serveApart(Node node, String step) {
        try {
            Process process = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElse("java"),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            AgentProcess.class.getName(),
                            node.name(),
                            Integer.toString(node.pid()),
                            directory.resolve("api").toString(),
                            directory.resolve("certificates").toString(),
                            step)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            var lines = process.inputReader();
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.startsWith("port ")) {
                    return served(node, Integer.parseInt(line.substring("port ".length())), () -> {
                        process.destroyForcibly();
                        process.waitFor();
                    });
                }
            }
            throw new SandboxException("the agent in its own JVM did not start; see its output above");
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private Served served(Node node, int port, AutoCloseable agent) {
        ManagedChannel channel = channel(node.name(), port, AgentProcess.CONTROLLER);
        return new Served(port, AgentGrpc.newBlockingStub(channel), channel, agent);
    }

    /** A channel to an agent with one of the certificates. */
    ManagedChannel channel(String node, int port, String caller) {
        try {
            return NettyChannelBuilder.forAddress(
                            "127.0.0.1",
                            port,
                            TlsChannelCredentials.newBuilder()
                                    .keyManager(
                                            certificates.certificate(caller).toFile(),
                                            certificates.key(caller).toFile())
                                    .trustManager(certificates.authorities().toFile())
                                    .build())
                    .overrideAuthority(node)
                    .build();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Runs a pod on a node and tells the API. */
    RunningPod run(Node node, io.fabric8.kubernetes.api.model.Pod pod) {
        RunningPod running = node.run(pod);
        open.add(running);
        api.put(running);
        return running;
    }

    static PodReference reference(RunningPod pod) {
        return PodReference.newBuilder()
                .setNamespace("default")
                .setName(pod.pod().getMetadata().getName())
                .setUid(pod.uid())
                .build();
    }

    /** A held checkpoint by the launcher. */
    static CheckpointRequest.Builder checkpoint(RunningPod source, String id) {
        return CheckpointRequest.newBuilder()
                .setSource(reference(source))
                .setCheckpointId(id)
                .setTaker(Taker.LAUNCHER)
                .setForm(StoredForm.EXTRACTED)
                .setHold(HoldTerms.newBuilder()
                        .setMigration("default/away")
                        .setMigrationUid("m-1")
                        .setLeaseMillis(LEASE_MILLIS))
                .setDeadlineMillis(Cluster.SOON.toMillis() * 2);
    }

    static PodArtifact take(Served agent, CheckpointRequest request) {
        return last(agent.stub().withDeadlineAfter(5, TimeUnit.MINUTES).checkpoint(request))
                .getArtifact();
    }

    static CheckpointEvent last(Iterator<CheckpointEvent> events) {
        CheckpointEvent last = CheckpointEvent.getDefaultInstance();
        while (events.hasNext()) {
            last = events.next();
        }
        return last;
    }

    static RestoreRequest release(RunningPod target, PodArtifact artifact) {
        RestoreRequest.Builder request =
                RestoreRequest.newBuilder().setTarget(reference(target)).setDeadlineMillis(Cluster.SOON.toMillis() * 2);
        for (ContainerArtifact each : artifact.getContainersList()) {
            request.addReleases(ContainerRelease.newBuilder()
                    .setContainer(each.getContainer())
                    .setUri(each.getUri())
                    .setDigest(each.getDigest()));
        }
        return request.build();
    }

    static RestoreOutcome restore(Served agent, RestoreRequest request) {
        Iterator<RestoreEvent> events = agent.stub().restore(request);
        RestoreEvent last = RestoreEvent.getDefaultInstance();
        while (events.hasNext()) {
            last = events.next();
        }
        return last.getOutcome();
    }

    /** The pods that this pair has run are removed. */
    void removePods() {
        for (AutoCloseable each : open) {
            try {
                each.close();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        }
        open.clear();
    }

    @Override
    public void close() throws IOException {
        cluster.close();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }
}
