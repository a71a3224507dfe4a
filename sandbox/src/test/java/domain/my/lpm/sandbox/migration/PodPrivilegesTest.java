package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.VolumeArchive;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.sandbox.ContainerProcess;
import domain.my.lpm.sandbox.Result;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** No agent anywhere: the pod has the capabilities that the rewrite lends it, and starts its launcher itself. */
@Tag("real")
class PodPrivilegesTest {
    private static final String LAUNCH = "/lpm/toolkit/usr/lib/lpm/launch";
    private static final String RELEASE = "/lpm/toolkit/usr/lib/lpm/release";

    /** Counts, and tells what only its memory holds. */
    private static final String COUNTER = """
            nonce=$(tr -d - </proc/sys/kernel/random/uuid)
            i=0
            while i=$((i + 1)); do
                echo "tick $i $nonce $(hostname)"
                sleep 0.05
            done
            """;

    private static Cluster cluster;

    @BeforeAll
    static void open() {
        cluster = new Cluster();
        cluster.sandbox.images().toolkit(TargetPod.TOOLKIT_IMAGE);
        cluster.key.publish(cluster.source);
        cluster.key.publish(cluster.target);
    }

    @AfterAll
    static void close() {
        cluster.close();
    }

    private static Pod counter(String name) {
        return Specimens.script(name, COUNTER)
                .editSpec()
                .withNewSecurityContext()
                .withRunAsUser(0L)
                .endSecurityContext()
                .endSpec()
                .build();
    }

    private static Pod filtered(Pod pod) {
        return new PodBuilder(pod)
                .editSpec()
                .editSecurityContext()
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .endSecurityContext()
                .endSpec()
                .build();
    }

    private record Source(RunningPod pod, CheckpointUri uri, List<String> output) implements AutoCloseable {
        /** Runs the pod until it has counted a little, and takes it to the share. */
        static Source of(Pod specified) {
            return of(specified, Form.EXTRACTED);
        }

        static Source of(Pod specified, Form form) {
            RunningPod pod = cluster.source.run(specified);
            RunningContainer main = pod.container("main");
            main.awaitLine(line -> line.startsWith("tick 3 "), Cluster.SOON);
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(main, RuntimeCheckpoint.Options.HOLD);
            String id = cluster.newId();
            SourceAgent.store(main, checkpoint, id, form, cluster.sandbox.share(), cluster.key);
            specified
                    .getSpec()
                    .getVolumes()
                    .forEach(volume -> VolumeArchive.store(
                            pod.volume(volume.getName()),
                            cluster.sandbox.share(),
                            pod.uid(),
                            id,
                            volume.getName(),
                            cluster.key.signer()));
            return new Source(pod, SourceAgent.uri(main, id), main.output());
        }

        String next(String host) {
            return following(output, host);
        }

        @Override
        public void close() {
            pod.close();
        }
    }

    /** The line that only the same memory can print after these. */
    private static String following(List<String> output, String host) {
        String nonce = output.get(0).split(" ")[2];
        return "tick " + (output.size() + 1) + " " + nonce + " " + host;
    }

    private static void release(RunningContainer target, String... uri) {
        List<String> command = new ArrayList<>(List.of(RELEASE));
        command.addAll(List.of(uri));
        target.exec(command).orThrow();
    }

    /** The application's first process, as the machine sees it. */
    private static int application(RunningContainer container) {
        return Processes.children(container.hostPid()).stream()
                .filter(pid -> Processes.status(pid).getOrDefault("Name", "").equals("busybox"))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> names(RunningContainer container) {
        return container.processes().stream().map(ContainerProcess::name).toList();
    }

    private static Map<String, String> credentials(int pid) {
        Map<String, String> status = Processes.status(pid);
        return Map.of(
                "Uid", status.getOrDefault("Uid", "").split("\\s")[0],
                "CapEff", status.getOrDefault("CapEff", ""),
                "CapBnd", status.getOrDefault("CapBnd", ""));
    }

    private static Map<String, String> root(String capabilities) {
        return Map.of("Uid", "0", "CapEff", capabilities, "CapBnd", capabilities);
    }

    @Test
    void restoresWhenReleasedUnderTheRuntimesSystemCallFilter() throws IOException, InterruptedException {
        try (Source source = Source.of(filtered(counter("filtered")));
                RunningPod pod = cluster.target.run(
                        TargetPod.of(source.pod().pod(), TargetPod.lending().standby(true)))) {
            RunningContainer main = pod.container("main");
            release(main, source.uri().toString());

            assertThat(main.awaitLine(line -> true, Cluster.SOON)).isEqualTo(source.next("filtered-restored"));
            assertThat(credentials(application(main))).isEqualTo(root("00000000000005fb"));
            assertThat(Processes.status(main.hostPid())).containsEntry("Name", "lpm-restored");

            Result refused = checkpoint(main, SourceAgent.uri(main, cluster.newId()));
            assertThat(refused.exitCode()).isEqualTo(1);
            assertThat(refused.error())
                    .contains(
                            "the container has a seccomp profile, under which the kernel lets nobody take a checkpoint")
                    .contains("set its seccompProfile to Unconfined, or let the agent take the checkpoint");
        }
    }

    @Test
    void restoresAtOnceWhatThePodNamesAndLeavesNoLauncher() {
        try (Source source = Source.of(counter("named"));
                RunningPod pod =
                        cluster.target.run(TargetPod.of(source.pod().pod(), source.uri(), TargetPod.lending()))) {
            RunningContainer main = pod.container("main");

            assertThat(main.awaitLine(line -> true, Cluster.SOON)).isEqualTo(source.next("named-restored"));
            main.awaitLine(line -> line.startsWith("tick " + (source.output().size() + 10) + " "), Cluster.SOON);
            assertThat(names(main)).contains("lpm-restored").doesNotContain("java", "criu", "busybox-static");
            assertThat(main.exec(List.of("/bin/busybox", "grep", "-c", "lpm/toolkit/", "/proc/1/mountinfo"))
                            .output()
                            .strip())
                    .isEqualTo("0");

            signalEnd(main);
            RunningContainer again = pod.restartContainer("main");
            assertThat(again.awaitLine(line -> line.startsWith("tick "), Cluster.SOON))
                    .startsWith("tick 1 ")
                    .doesNotContain(source.output().get(0).split(" ")[2]);
            assertThat(again.output().get(0)).startsWith("started anew: ").contains("it has been claimed by");
        }
    }

    @Test
    void restoresFromTheCompressedFormWithItsVolume() throws IOException, InterruptedException {
        Pod pod = Specimens.merged(
                Specimens.script("volume", "echo kept > /data/file\n" + COUNTER).build(), """
                spec:
                  securityContext: {runAsUser: 0}
                  volumes: [{name: data, emptyDir: {}}]
                  containers: [{volumeMounts: [{name: data, mountPath: /data}]}]
                """);
        try (Source source = Source.of(pod, Form.COMPRESSED);
                RunningPod target =
                        cluster.target.run(TargetPod.of(source.pod().pod(), source.uri(), TargetPod.lending()))) {
            RunningContainer main = target.container("main");

            assertThat(main.awaitLine(line -> true, Cluster.SOON)).isEqualTo(source.next("volume-restored"));
            assertThat(main.exec(List.of("/bin/busybox", "cat", "/data/file")).output())
                    .isEqualTo("kept\n");

            CheckpointUri uri = SourceAgent.uri(main, cluster.newId());
            main.exec(List.of("/bin/busybox", "sh", "-c", "echo more >> /data/file"))
                    .orThrow();
            assertThat(checkpoint(main, uri).exitCode()).isZero();
            List<String> all = new ArrayList<>(source.output());
            all.addAll(main.output());
            try (RunningPod third = cluster.source.run(TargetPod.of(target.pod(), uri, TargetPod.lending()))) {
                RunningContainer last = third.container("main");
                assertThat(last.awaitLine(line -> true, Cluster.SOON))
                        .isEqualTo(following(all, "volume-restored-restored"));
                assertThat(last.exec(List.of("/bin/busybox", "cat", "/data/file"))
                                .output())
                        .isEqualTo("kept\nmore\n");
            }
        }
    }

    @Test
    void restoresLazily() {
        try (Source source = Source.of(counter("lazy"));
                RunningPod pod = cluster.target.run(TargetPod.of(
                        source.pod().pod(), source.uri(), TargetPod.lending().lazy(true)))) {
            RunningContainer main = pod.container("main");

            assertThat(main.awaitLine(line -> true, Cluster.SOON)).isEqualTo(source.next("lazy-restored"));
        }
    }

    private static void signalEnd(RunningContainer container) {
        container.signal("KILL");
        container.awaitExit(Cluster.SOON);
    }

    @Test
    void namesTheCapabilityThatIsMissing() {
        Pod target = TargetPod.of(counter("lacking"), TargetPod.lending().standby(true));
        Capabilities lent =
                target.getSpec().getContainers().get(0).getSecurityContext().getCapabilities();
        lent.setAdd(lent.getAdd().stream()
                .filter(name -> !Set.of("SYS_TIME", "SYS_ADMIN").contains(name))
                .toList());
        try (RunningPod pod = cluster.target.run(target)) {
            assertThat(pod.container("main").awaitExit(Cluster.SOON)).isEqualTo(70);
            assertThat(pod.container("main").output())
                    .anySatisfy(line -> assertThat(line)
                            .startsWith(
                                    "launch: the container does not hold SYS_ADMIN SYS_TIME, without which nothing can")
                            .contains("securityContext.capabilities"));
        }
    }

    @Test
    void refusesMoreThanThePodAskedForThoughItHoldsMore() {
        Pod modest = new PodBuilder(counter("modest"))
                .editSpec()
                .editFirstContainer()
                .withNewSecurityContext()
                .withRunAsUser(1000L)
                .withRunAsGroup(1000L)
                .withAllowPrivilegeEscalation(false)
                .withNewCapabilities()
                .addToDrop("ALL")
                .endCapabilities()
                .endSecurityContext()
                .endContainer()
                .endSpec()
                .build();
        try (Source source = Source.of(counter("modest"));
                RunningPod pod = cluster.target.run(
                        TargetPod.of(modest, TargetPod.lending().standby(true)))) {
            RunningContainer main = pod.container("main");
            release(main, source.uri().toString());

            assertThat(main.awaitExit(Cluster.SOON)).isEqualTo(20);
            assertThat(String.join(" ", main.output()))
                    .contains("the checkpoint holds more privileges than the target pod grants")
                    .contains("CAP_CHOWN, CAP_DAC_OVERRIDE")
                    .contains("it runs as user 0 where the target container runs as 1000")
                    .contains("it may gain privileges by exec")
                    .doesNotContain("tick");
        }
    }

    @Test
    void startsAnewWithNoMoreThanThePodAskedFor() {
        Pod modest = new PodBuilder(counter("fresh"))
                .editSpec()
                .editFirstContainer()
                .withNewSecurityContext()
                .withRunAsUser(1000L)
                .withRunAsGroup(1000L)
                .endSecurityContext()
                .endContainer()
                .endSpec()
                .build();
        Pod target = TargetPod.of(modest, TargetPod.lending().standby(true));
        try (RunningPod pod = cluster.target.run(target)) {
            RunningContainer main = pod.container("main");
            release(main);

            assertThat(main.awaitLine(line -> line.startsWith("tick 2 "), Cluster.SOON))
                    .endsWith(" fresh-restored");
            assertThat(credentials(application(main)))
                    .isEqualTo(Map.of("Uid", "1000", "CapEff", "0000000000000000", "CapBnd", "00000000000005fb"));
            assertThat(main.exec(List.of("/bin/busybox", "tr", "\\0", "\\n", "/proc/1/environ"))
                            .output())
                    .doesNotContain("LPM_");
        }
    }

    @Test
    void travelsOnByItsOwnLauncher() throws IOException, InterruptedException {
        try (Source source = Source.of(counter("first"));
                RunningPod second =
                        cluster.target.run(TargetPod.of(source.pod().pod(), source.uri(), TargetPod.lending()))) {
            RunningContainer main = second.container("main");
            assertThat(main.awaitLine(line -> true, Cluster.SOON)).isEqualTo(source.next("first-restored"));
            CheckpointUri uri = SourceAgent.uri(main, cluster.newId());

            main.exec(List.of("/bin/busybox", "touch", "/etc/changed")).orThrow();
            Result refused = checkpoint(main, uri);
            assertThat(refused.exitCode()).isEqualTo(1);
            assertThat(refused.error())
                    .contains("1 files of the container's root file system have changed, such as /etc/changed;");
            main.exec(List.of("/bin/busybox", "rm", "/etc/changed")).orThrow();
            int afterRefusal = main.output().size();
            main.awaitLine(line -> main.output().size() > afterRefusal, Cluster.SOON);

            Result taken = checkpoint(main, uri);

            assertThat(taken.exitCode()).as(taken.error()).isZero();
            assertThat(taken.lines()).containsExactly("dumping", "dumped", uri.toString());
            List<String> held = main.output();
            try (RunningPod third = cluster.source.run(TargetPod.of(second.pod(), uri, TargetPod.lending()))) {
                RunningContainer last = third.container("main");
                List<String> all = new ArrayList<>(source.output());
                all.addAll(held);
                assertThat(last.awaitLine(line -> true, Cluster.SOON))
                        .isEqualTo(following(all, "first-restored-restored"));
            }
            assertThat(main.output()).as("held").isEqualTo(held);
            // It ends the container, and with it the command itself.
            main.exec(List.of(LAUNCH, "fence"));
            assertThat(main.awaitExit(Cluster.SOON)).isEqualTo(137);
        }
    }

    /** As `kubectl exec -i` does: the key comes by the standard input and is never in the pod. */
    private static Result checkpoint(RunningContainer container, CheckpointUri uri)
            throws IOException, InterruptedException {
        Process process = container
                .node()
                .start(List.of(
                        "runc",
                        "--root",
                        "/run/runc",
                        "exec",
                        container.id(),
                        LAUNCH,
                        "checkpoint",
                        "--checkpoint",
                        uri.toString(),
                        "--signing-key",
                        "/dev/stdin"));
        try (var key = process.getOutputStream()) {
            key.write(cluster.key.signer().toPem().getBytes(StandardCharsets.US_ASCII));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String error = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(List.of("launch"), process.waitFor(), output, error);
    }
}
