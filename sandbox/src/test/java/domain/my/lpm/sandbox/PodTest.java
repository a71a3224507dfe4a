package domain.my.lpm.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class PodTest {
    private static final Duration SOON = Patience.of(Duration.ofSeconds(10));

    /** A main process that reacts to TERM at once and does not end at a checkpoint. */
    private static final String WAIT = "trap 'exit 7' TERM; while true; do usleep 20000; done";

    private static Sandbox sandbox;
    private static Node node;

    @BeforeAll
    static void open() {
        sandbox = Sandbox.create(Specimens.settings());
        node = sandbox.node("worker");
    }

    @AfterAll
    static void close() {
        sandbox.close();
    }

    private static Pod with(PodBuilder builder, String yaml) {
        return Specimens.merged(builder.build(), yaml);
    }

    @Test
    void theExitCodeIsTheProgramsOrTheSignals() {
        try (RunningPod pod = node.run(Specimens.script("code", "exit 3").build())) {
            assertThat(pod.container("main").awaitExit(SOON)).isEqualTo(3);
        }
        try (RunningPod pod =
                node.run(Specimens.script("term", "echo up; " + WAIT).build())) {
            RunningContainer container = pod.container("main");
            container.awaitLine("up"::equals, SOON);
            container.signal("TERM");
            assertThat(container.awaitExit(SOON)).isEqualTo(7);
            assertThat(container.isRunning()).isFalse();
        }
        try (RunningPod pod = node.run(Specimens.script("kill", WAIT).build())) {
            RunningContainer container = pod.container("main");
            container.signal("KILL");
            assertThat(container.awaitExit(SOON)).isEqualTo(137);
            assertThat(container.oomKilled()).isFalse();
        }
    }

    @Test
    @Tag("vm")
    void aContainerThatTakesTooMuchMemoryIsKilledAsOutOfMemory() {
        Pod pod = with(
                Specimens.script("oom", "x=0123456789abcdef; while true; do x=$x$x; done"),
                "spec: {containers: [{resources: {limits: {memory: 16Mi}}}]}");
        try (RunningPod running = node.run(pod)) {
            RunningContainer container = running.container("main");
            assertThat(container.awaitExit(SOON)).isEqualTo(137);
            assertThat(RunningContainer.await(SOON, container::oomKilled)).isTrue();
        }
    }

    @Test
    @Tag("vm")
    void theSecurityContextIsHonoured() {
        Pod pod = with(
                Specimens.script(
                        "confined",
                        "id -u; id -g; id -G; grep -E 'Cap(Bnd|Eff)|NoNewPrivs|Seccomp:' /proc/self/status; "
                                + "touch /x 2>&1; echo end; " + WAIT),
                """
                spec:
                  securityContext: {fsGroup: 3000, supplementalGroups: [4000]}
                  containers:
                    - securityContext:
                        runAsUser: 1000
                        runAsGroup: 2000
                        runAsNonRoot: true
                        allowPrivilegeEscalation: false
                        readOnlyRootFilesystem: true
                        seccompProfile: {type: RuntimeDefault}
                        capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
                """);
        try (RunningPod running = node.run(pod)) {
            running.container("main").awaitLine("end"::equals, SOON);
            assertThat(running.container("main").output())
                    .containsExactly(
                            "1000",
                            "2000",
                            "2000 3000 4000",
                            "CapEff:\t0000000000000000",
                            "CapBnd:\t0000000000000400",
                            "NoNewPrivs:\t1",
                            "Seccomp:\t2",
                            "touch: /x: Read-only file system",
                            "end");
        }
    }

    @Test
    void rootHasTheDefaultCapabilitiesOfCriOAndItsFilterRefusesNamespaces() {
        Pod pod = with(
                Specimens.script(
                        "default",
                        "grep CapEff /proc/self/status; unshare -n true 2>&1; mount -t tmpfs t /tmp 2>&1; echo end; "
                                + WAIT),
                "spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}}");
        try (RunningPod running = node.run(pod)) {
            running.container("main").awaitLine("end"::equals, SOON);
            assertThat(running.container("main").output())
                    .containsExactly(
                            "CapEff:\t00000000000005fb",
                            "unshare: unshare(0x40000000): Operation not permitted",
                            "mount: permission denied (are you root?)",
                            "end");
        }
    }

    @Test
    void aPrivilegedContainerIsRefused() {
        Pod pod = with(Specimens.script("mighty", WAIT), "spec: {containers: [{securityContext: {privileged: true}}]}");
        assertThatThrownBy(() -> node.run(pod))
                .isInstanceOf(SandboxException.class)
                .hasMessage("the container 'main' asks for securityContext.privileged, which the sandbox does not"
                        + " support: list the capabilities it needs instead");
    }

    @Test
    void aContainerThatCannotStartSaysWhy() {
        Pod pod = with(Specimens.script("broken", ""), "spec: {containers: [{command: [/nowhere]}]}");
        assertThatThrownBy(() -> node.run(pod))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("the container 'main' did not start")
                .hasMessageContaining("/nowhere");
    }

    @Test
    void volumesAreSharedByTheContainersOfAPodAndSurviveARestart() throws IOException {
        Pod pod = with(
                Specimens.script(
                        "volumes",
                        "cat /disk/note; stat -f -c %T /memory; echo once >> /memory/starts; cat /memory/starts; echo mine > /mine; echo end; "
                                + WAIT),
                """
                spec:
                  initContainers:
                    - name: first
                      image: docker.io/library/busybox:1.37
                      command: [/bin/sh, -c, echo hello > /disk/note]
                      volumeMounts: [{name: disk, mountPath: /disk}]
                  containers:
                    - volumeMounts: [{name: disk, mountPath: /disk, readOnly: true}, {name: memory, mountPath: /memory}]
                  volumes: [{name: disk, emptyDir: {}}, {name: memory, emptyDir: {medium: Memory, sizeLimit: 1Mi}}]
                """);
        try (RunningPod running = node.run(pod)) {
            running.container("main").awaitLine("end"::equals, SOON);
            assertThat(running.container("main").output()).containsExactly("hello", "tmpfs", "once", "end");
            assertThat(Files.readString(running.volume("memory").resolve("starts")))
                    .isEqualTo("once\n");

            RunningContainer again = running.restartContainer("main");
            assertThat(again.awaitLine("end"::equals, SOON)).isEqualTo("end");
            assertThat(again.output()).containsExactly("hello", "tmpfs", "once", "once", "end");
        }
    }

    @Test
    void aTerminalIsGivenWhenAskedFor() {
        Pod pod = with(Specimens.script("terminal", "tty; echo end; " + WAIT), "spec: {containers: [{tty: true}]}");
        try (RunningPod running = node.run(pod)) {
            running.container("main").awaitLine(line -> line.startsWith("end"), SOON);
            assertThat(running.container("main").output().get(0)).startsWith("/dev/pts/0");
        }
    }

    @Test
    void aCommandRunsInsideARunningContainer() {
        try (RunningPod running = node.run(Specimens.script("inside", WAIT).build())) {
            Result result = running.container("main").exec(List.of("/bin/busybox", "sh", "-c", "hostname; exit 4"));
            assertThat(result.exitCode()).isEqualTo(4);
            assertThat(result.output()).isEqualTo("inside\n");
        }
    }

    @Test
    @Tag("vm")
    void aRemovedPodLeavesNothingOnItsNode() {
        node.run(Specimens.script("earlier", "").build()).remove();
        List<String> before = traces();
        RunningPod pod = node.run(Specimens.counter());
        assertThat(traces()).isNotEqualTo(before);
        pod.remove();
        assertThat(traces()).isEqualTo(before);
    }

    private static List<String> traces() {
        return node.shell("cut -d' ' -f5 /proc/self/mountinfo; ls -A /run/pods; ls -A /var/lib/kubelet;"
                        + " find /var/lib/kubelet/pods /var/lib/containers/storage -mindepth 1 2>/dev/null || :;"
                        + " find /sys/fs/cgroup -type d -path '*/kubepods/pod*'; pgrep -c conmon || :")
                .lines();
    }

    @Test
    void aProgramCompiledForItRunsInAnEmptyImage() {
        Image image = sandbox.images().staticBinary("sandbox/hello:1", """
                #include <stdio.h>

                int main(void)
                {
                    puts("hello from C");
                    return 5;
                }
                """);
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withName("static")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage(image.name())
                .endContainer()
                .endSpec()
                .build();
        try (RunningPod running = node.run(pod)) {
            assertThat(running.container("main").awaitExit(SOON)).isEqualTo(5);
            assertThat(running.container("main").output()).containsExactly("hello from C");
        }
    }

    @Test
    void nodesReachEachOther() throws IOException {
        Node other = sandbox.node("other");
        sandbox.connectNodes();
        Process server = other.start(List.of("busybox", "nc", "-l", "-p", "7000", "-e", "hostname"));
        try {
            assertThat(RunningContainer.await(
                            SOON,
                            () -> other.exec(List.of("grep", "-q", ":1B58 ", "/proc/net/tcp6", "/proc/net/tcp"))
                                            .exitCode()
                                    == 0))
                    .isTrue();
            String address = other.address().orElseThrow();
            assertThat(node.exec(List.of("busybox", "nc", address, "7000")).output())
                    .isEqualTo("other\n");
        } finally {
            server.destroyForcibly();
        }
    }
}
