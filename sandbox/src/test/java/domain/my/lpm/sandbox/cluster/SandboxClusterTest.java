package domain.my.lpm.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import domain.my.lpm.sandbox.Leftovers;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.Patience;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.cluster.node.KubeletAccess.Right;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class SandboxClusterTest {
    private static final Duration SOON = Patience.of(Duration.ofSeconds(40));

    private static SandboxCluster cluster;
    private static KubernetesClient client;

    @BeforeAll
    static void start() {
        cluster = SandboxCluster.start(SandboxCluster.Options.of(Specimens.settings(), Path.of("../crds")));
        client = cluster.client();
    }

    @AfterAll
    static void close() {
        Migrations.close(cluster);
    }

    private static Pod create(Pod pod) {
        return client.resource(new PodBuilder(pod)
                        .editMetadata()
                        .withNamespace("default")
                        .endMetadata()
                        .build())
                .create();
    }

    private static Pod awaitPod(Pod pod, Predicate<Pod> condition) {
        await().atMost(SOON)
                .failFast(() -> client.resource(pod).get() == null)
                .untilAsserted(() -> assertThat(client.resource(pod).get()).matches(condition, "as awaited"));
        return client.resource(pod).get();
    }

    private static boolean is(Pod pod, String condition) {
        return pod.getStatus().getConditions().stream()
                .anyMatch(each ->
                        each.getType().equals(condition) && each.getStatus().equals("True"));
    }

    private static boolean isReady(Pod pod) {
        return is(pod, "Ready");
    }

    private static ContainerStatus main(Pod pod) {
        return pod.getStatus().getContainerStatuses().get(0);
    }

    private static RunningPod running(Pod pod) {
        Pod latest = client.resource(pod).get();
        return Objects.requireNonNull(cluster.node(latest.getSpec().getNodeName())
                .pods()
                .get(latest.getMetadata().getUid()));
    }

    private static void delete(Pod pod) {
        client.resource(pod).withGracePeriod(1).delete();
        await().atMost(SOON).until(() -> client.resource(pod).get() == null);
    }

    private static List<String> traces(Node node, Pod pod) {
        return node.exec(List.of("sh", "-c", """
                        cat /proc/mounts | grep "$1" || :
                        find /sys/fs/cgroup /run/pods /var/lib/kubelet/pods -path "*$1*" 2> /dev/null || :
                        ip link show | grep "pod[0-9]" || :
                        """, "sh", pod.getMetadata().getUid()))
                .orThrow()
                .lines();
    }

    @Test
    void anAnnotatedPodIsRewrittenByTheWebhookAndRunsOnANode() {
        Pod created = create(Specimens.counter());
        assertThat(created.getSpec().getInitContainers()).isNotEmpty();
        assertThat(created.getSpec().getContainers().get(0).getCommand()).contains("run");
        Pod pod = awaitPod(created, SandboxClusterTest::isReady);
        assertThat(pod.getSpec().getNodeName()).isIn("node-a", "node-b");
        assertThat(pod.getStatus().getPhase()).isEqualTo("Running");
        assertThat(pod.getStatus().getPodIP()).startsWith("10.244.");
        assertThat(pod.getStatus().getHostIP()).startsWith("10.88.0.");
        assertThat(is(pod, "Initialized")).isTrue();
        assertThat(is(pod, "PodScheduled")).isTrue();
        RunningContainer counter = running(pod).container("counter");
        assertThat(main(pod).getContainerID()).isEqualTo("cri-o://" + counter.id());
        assertThat(Leftovers.read(Path.of("/proc/" + counter.hostPid() + "/cgroup")))
                .contains(counter.id());
        assertThat(pod.getStatus().getInitContainerStatuses())
                .allMatch(init -> init.getState().getTerminated().getExitCode() == 0);
        counter.awaitLine(line -> line.startsWith("tick 2 "), SOON);
        delete(pod);
    }

    @Test
    void aCheckpointThroughTheKubeletsApiLeavesThePodRunning() throws Exception {
        Pod pod = awaitPod(
                create(Specimens.script(
                                "checkpointed", "n=0; while true; do n=$((n+1)); echo tick $n; usleep 50000; done")
                        .build()),
                SandboxClusterTest::isReady);
        cluster.access().token("reader-token", "reader").grant("reader", Set.of(Right.LOGS));
        cluster.access().grant("agent", Set.of(Right.CHECKPOINT));
        String path = "/checkpoint/default/checkpointed/main";
        String node = pod.getSpec().getNodeName();
        assertThat(ask(node, path, "guess").statusCode()).isEqualTo(401);
        assertThat(ask(node, path, "reader-token").body())
                .isEqualTo("Forbidden (user=reader, verb=create, resource=nodes, subresource=checkpoint)");
        assertThat(ask(node, "/checkpoint/default/nobody/main", cluster.token()))
                .matches(answer -> answer.statusCode() == 404 && answer.body().equals("pod does not exist"));
        assertThat(ask(node, "/checkpoint/default/checkpointed/none", cluster.token()))
                .matches(answer -> answer.statusCode() == 404 && answer.body().equals("container none does not exist"));
        assertThat(ask(node, path + "?timeout=soon", cluster.token()))
                .matches(answer ->
                        answer.statusCode() == 404 && answer.body().equals("cannot parse value of timeout parameter"));

        HttpResponse<String> taken = ask(node, path + "?timeout=30", null);
        assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
        assertThat(taken.body())
                .matches(
                        "\\{\"items\":\\[\"/var/lib/kubelet/checkpoints/checkpoint-checkpointed_default-main-[^\"]*\\.tar\"]}");
        String archive = taken.body().replaceAll(".*\\[\"(.*)\"].*", "$1");
        assertThat(cluster.node(node).root().resolve(archive.substring(1))).isNotEmptyFile();
        RunningContainer container = running(pod).container("main");
        int lines = container.output().size();
        container.awaitLine(("tick " + (lines + 2))::equals, SOON);
        assertThat(main(client.resource(pod).get()).getRestartCount()).isZero();

        Path configuration = cluster.node(node).root().resolve("etc/criu/runc.conf");
        Files.writeString(configuration, "leave-stopped\n");
        try {
            assertThat(ask(node, path, cluster.token()).statusCode()).isEqualTo(200);
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(container.processes()).isNotEmpty().allMatch(process -> process.state() == 'T'));
        } finally {
            Files.delete(configuration);
        }
        delete(pod);
        assertThat(ask(node, path, cluster.token()).body()).isEqualTo("pod does not exist");
    }

    /** By a token, or, where there is none, by the certificate of an agent. */
    private static HttpResponse<String> ask(String node, String path, @Nullable String token) throws Exception {
        HttpClient.Builder http = HttpClient.newBuilder();
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(cluster.kubelet(node).uri() + path))
                .POST(HttpRequest.BodyPublishers.noBody());
        String name = token == null ? "agent" : "nobody";
        http.sslContext(cluster.authority().context(cluster.authority().issue(name)));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.build().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aDeletedPodLeavesNothingOnItsNodeEvenIfItWasStopped() {
        Pod pod = awaitPod(
                create(Specimens.script("stopped", "trap '' TERM; echo up; while true; do usleep 50000; done")
                        .build()),
                SandboxClusterTest::isReady);
        Node node = cluster.node(pod.getSpec().getNodeName());
        running(pod).container("main").awaitLine("up"::equals, SOON);
        assertThat(traces(node, pod)).isNotEmpty();
        running(pod).container("main").signal("STOP");
        delete(pod);
        assertThat(traces(node, pod)).isEmpty();
    }

    @Test
    void aPodEndsByItselfWhenItIsAsked() {
        Pod pod = awaitPod(
                create(Specimens.script(
                                "graceful",
                                "trap 'echo asked; exit 0' TERM; echo up; while true; do usleep 50000; done")
                        .build()),
                SandboxClusterTest::isReady);
        RunningContainer container = running(pod).container("main");
        container.awaitLine("up"::equals, SOON);
        client.resource(pod).delete();
        await().atMost(Patience.of(Duration.ofSeconds(20)))
                .until(() -> client.resource(pod).get() == null);
        assertThat(container.exitCode()).hasValue(0);
    }

    @Test
    void restartsFollowThePolicy() {
        Pod always = create(script("always", "Always", "echo once; sleep 0.3; exit 3"));
        Pod onFailure =
                create(script("on-failure", "OnFailure", "[ -e /data/second ] && exit 0; touch /data/second; exit 4"));
        Pod never = create(script("never", "Never", "exit 5"));
        Pod succeeded = awaitPod(onFailure, pod -> pod.getStatus().getPhase().equals("Succeeded"));
        assertThat(main(succeeded).getRestartCount()).isEqualTo(1);
        assertThat(main(succeeded).getLastState().getTerminated().getExitCode()).isEqualTo(4);
        Pod failed = awaitPod(never, pod -> pod.getStatus().getPhase().equals("Failed"));
        assertThat(main(failed).getState().getTerminated())
                .matches(state -> state.getExitCode() == 5 && state.getReason().equals("Error"));
        assertThat(main(failed).getRestartCount()).isZero();
        Pod waits = awaitPod(
                always,
                pod -> !pod.getStatus().getContainerStatuses().isEmpty()
                        && main(pod).getState().getWaiting() != null
                        && main(pod).getRestartCount() == 1);
        assertThat(main(waits).getState().getWaiting().getReason()).isEqualTo("CrashLoopBackOff");
        assertThat(waits.getStatus().getPhase()).isEqualTo("Running");
        for (Pod pod : List.of(always, onFailure, never)) {
            delete(pod);
        }
    }

    private static Pod script(String name, String policy, String script) {
        return Specimens.script(name, script)
                .editSpec()
                .withRestartPolicy(policy)
                .addNewVolume()
                .withName("data")
                .withNewEmptyDir()
                .endEmptyDir()
                .endVolume()
                .editFirstContainer()
                .addNewVolumeMount()
                .withName("data")
                .withMountPath("/data")
                .endVolumeMount()
                .endContainer()
                .endSpec()
                .build();
    }

    @Test
    void initContainersRunInOrderAndSidecarsUntilTheEnd() {
        Pod pod = create(new PodBuilder(
                        script("ordered", "Never", "cat /data/order; until [ -e /data/end ]; do usleep 50000; done"))
                .editSpec()
                .withTerminationGracePeriodSeconds(1L)
                .addToInitContainers(
                        busybox("first", "echo first >> /data/order", null),
                        busybox("beside", "echo beside >> /data/order; touch /data/up; exec sleep 1000", "Always"),
                        busybox("last", "echo last >> /data/order", null))
                .endSpec()
                .build());
        Pod ready = awaitPod(pod, SandboxClusterTest::isReady);
        running(pod).container("main").awaitLine("last"::equals, SOON);
        assertThat(running(pod).container("main").output()).containsExactly("first", "beside", "last");
        assertThat(ready.getStatus()
                        .getInitContainerStatuses()
                        .get(1)
                        .getState()
                        .getRunning())
                .isNotNull();
        running(pod).container("main").exec(List.of("touch", "/data/end")).orThrow();
        Pod done = awaitPod(pod, latest -> latest.getStatus().getPhase().equals("Succeeded"));
        awaitPod(
                done,
                latest -> latest.getStatus()
                                .getInitContainerStatuses()
                                .get(1)
                                .getState()
                                .getTerminated()
                        != null);
        delete(pod);
    }

    private static io.fabric8.kubernetes.api.model.Container busybox(
            String name, String script, @Nullable String policy) {
        return new io.fabric8.kubernetes.api.model.ContainerBuilder()
                .withName(name)
                .withImage("docker.io/library/busybox:1.37")
                .withCommand("/bin/busybox", "sh", "-c", script)
                .withRestartPolicy(policy)
                .withNewStartupProbe()
                .withNewExec()
                .withCommand("test", "-e", "/data/up")
                .endExec()
                .withPeriodSeconds(1)
                .endStartupProbe()
                .addNewVolumeMount()
                .withName("data")
                .withMountPath("/data")
                .endVolumeMount()
                .build();
    }

    @Test
    void aContainerIsReadyWhenItsProbesSaySo() {
        Pod pod = create(new PodBuilder(script("probed", "Always", "while true; do usleep 50000; done"))
                .editSpec()
                .editFirstContainer()
                .withNewStartupProbe()
                .withNewExec()
                .withCommand("test", "-e", "/data/started")
                .endExec()
                .withPeriodSeconds(1)
                .withFailureThreshold(1000)
                .endStartupProbe()
                .withNewReadinessProbe()
                .withNewExec()
                .withCommand("test", "-e", "/data/ready")
                .endExec()
                .withPeriodSeconds(1)
                .endReadinessProbe()
                .endContainer()
                .endSpec()
                .build());
        Pod waiting = awaitPod(pod, latest -> latest.getStatus().getPhase().equals("Running"));
        assertThat(main(waiting)).matches(status -> !status.getStarted() && !status.getReady());
        RunningContainer container = running(pod).container("main");
        container.exec(List.of("touch", "/data/started")).orThrow();
        Pod started = awaitPod(pod, latest -> main(latest).getStarted());
        assertThat(main(started).getReady()).isFalse();
        container.exec(List.of("touch", "/data/ready")).orThrow();
        awaitPod(pod, SandboxClusterTest::isReady);
        container.exec(List.of("rm", "/data/ready")).orThrow();
        awaitPod(pod, latest -> !isReady(latest));
        delete(pod);
    }

    @Test
    void aNewKubeletFindsThePodsOfTheOneBefore() {
        Pod pod = awaitPod(
                create(Specimens.script("kept", "echo up; exec sleep 1000").build()), SandboxClusterTest::isReady);
        String id = main(pod).getContainerID();
        String node = pod.getSpec().getNodeName();
        cluster.restartKubelet(node);
        client.resource(pod)
                .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"metadata\": {\"labels\": {\"a\": \"b\"}}}");
        Pod after = awaitPod(pod, SandboxClusterTest::isReady);
        assertThat(main(after).getContainerID()).isEqualTo(id);
        running(pod).container("main").signal("KILL");
        Pod restarted = awaitPod(pod, latest -> main(latest).getRestartCount() == 1 && isReady(latest));
        assertThat(main(restarted).getLastState())
                .extracting(ContainerState::getTerminated)
                .matches(ended -> ended.getExitCode() == 137);
        delete(pod);
        assertThat(traces(cluster.node(node), pod)).isEmpty();
    }

    @Test
    void podsReachEachOtherAcrossNodes() {
        Pod server = awaitPod(
                create(new PodBuilder(onNode("server", "node-a", ""))
                        .editSpec()
                        .editFirstContainer()
                        .withImage("docker.io/library/python:3.13")
                        .withCommand("python3", "-c", """
                                import socket
                                server = socket.create_server(("", 7000))
                                while True:
                                    connection, _ = server.accept()
                                    connection.sendall(b"hello\\n")
                                    connection.close()
                                """)
                        .endContainer()
                        .endSpec()
                        .build()),
                SandboxClusterTest::isReady);
        Pod caller = create(onNode(
                "caller",
                "node-b",
                "until nc " + server.getStatus().getPodIP()
                        + " 7000 < /dev/null; do sleep 0.2; done; exec sleep 1000"));
        awaitPod(caller, SandboxClusterTest::isReady);
        running(caller).container("main").awaitLine("hello"::equals, SOON);
        delete(server);
        delete(caller);
    }

    private static Pod onNode(String name, String node, String script) {
        return Specimens.script(name, script)
                .editSpec()
                .addToNodeSelector("kubernetes.io/hostname", node)
                .endSpec()
                .build();
    }

    @Test
    void anUnknownImageIsNamedAsTheReason() {
        Pod pod = create(Specimens.script("unknown", "exit 0")
                .editSpec()
                .editFirstContainer()
                .withImage("registry.example/none:1")
                .endContainer()
                .endSpec()
                .build());
        Pod waiting = awaitPod(
                pod,
                latest -> !latest.getStatus().getContainerStatuses().isEmpty()
                        && main(latest).getState().getWaiting() != null
                        && main(latest).getState().getWaiting().getReason().equals("ErrImagePull"));
        assertThat(main(waiting).getState().getWaiting().getMessage())
                .contains("the sandbox has no image 'registry.example/none:1'");
        delete(pod);
    }
}
