package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.ContainerProcess;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster.Arrival;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** With the agent lending the privileges, neither the pod nor the application gets more than it had. */
@Tag("real")
class SecurityTest {
    private static final long MOST_RESIDENT_BYTES = 2 << 20;

    @AutoClose
    private static final Cluster cluster = new Cluster();

    @Test
    void credentialsAndTheReadOnlyRootStay() {
        Pod pod = Specimens.merged(Moved.python("confined", "confined.py").build(), """
                spec:
                  securityContext: {fsGroup: 3000, supplementalGroups: [4000, 5000]}
                  containers:
                    - securityContext:
                        runAsUser: 1000
                        runAsGroup: 2000
                        runAsNonRoot: true
                        allowPrivilegeEscalation: false
                        readOnlyRootFilesystem: true
                        seccompProfile: {type: RuntimeDefault}
                        capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
                      volumeMounts: [{name: data, mountPath: /data}]
                  volumes: [{name: data, emptyDir: {}}]
                """);

        Moved moved = Moved.by(cluster, pod, Journey.PLAIN);

        List<String> told = moved.before().subList(0, moved.before().size() - 1);
        assertThat(told)
                .containsExactly(
                        "Uid: 1000 1000 1000 1000",
                        "Gid: 2000 2000 2000 2000",
                        "Groups: 3000 4000 5000",
                        "CapInh: 0000000000000000",
                        "CapPrm: 0000000000000000",
                        "CapEff: 0000000000000000",
                        "CapBnd: 0000000000000400",
                        "CapAmb: 0000000000000000",
                        "NoNewPrivs: 1",
                        "Seccomp: 2",
                        "image: Read-only file system",
                        "volume: done",
                        "group of a new file: 3000",
                        "become root: Operation not permitted",
                        "change root: Operation not permitted");
        assertThat(moved.after().subList(0, moved.after().size() - 1)).isEqualTo(told);
    }

    @Test
    void aRestrictedPodStaysRestrictedAndOnlyTheEntryIsLeftInIt() {
        try (RunningPod running = cluster.source.run(Specimens.counter())) {
            RunningContainer source = running.container("counter");
            source.awaitLine(line -> line.startsWith("tick 3 "), Cluster.SOON);
            Map<String, String> before = credentials(source.hostPid());

            try (Arrival arrival = cluster.migrate(source, Journey.PLAIN)) {
                assertThat(arrival.status().state()).as(arrival.said()).isEqualTo(State.RESTORED);
                RunningContainer restored = arrival.container();
                int last = Travel.ticks(source.output()).size();
                restored.awaitLine(line -> line.startsWith("tick " + (last + 1) + " "), Cluster.SOON);
                assertThat(Travel.nonces(restored.output())).isEqualTo(Travel.nonces(source.output()));

                int application = Processes.withNamespaceId(arrival.status().processId(), restored.hostPid())
                        .orElseThrow();
                assertThat(credentials(application))
                        .isEqualTo(before)
                        .containsEntry("Uid", "1000\t1000\t1000\t1000")
                        .containsEntry("CapEff", "0000000000000000")
                        .containsEntry("CapBnd", "0000000000000000")
                        .containsEntry("NoNewPrivs", "1")
                        .containsEntry("Seccomp", "2");
                // The entry holds no more than the application does.
                assertThat(credentials(restored.hostPid())).isEqualTo(before);

                List<Integer> applications = Processes.tree(application);
                List<ContainerProcess> ours = restored.processes().stream()
                        .filter(process -> !applications.contains(process.pid()))
                        .filter(process -> Processes.exists(process.pid()))
                        // A child of the counter that started after the list was made.
                        .filter(process -> !process.name().equals("busybox")
                                && !process.name().equals("usleep"))
                        .toList();
                assertThat(ours).extracting(ContainerProcess::pid).containsExactly(restored.hostPid());
                assertThat(ours).extracting(ContainerProcess::name).containsExactly("lpm-restored");
                assertThat(residentBytes(restored.hostPid())).isPositive().isLessThanOrEqualTo(MOST_RESIDENT_BYTES);
            }
        }
    }

    @Test
    void nothingButTheEntryIsAddedToThePod() {
        Pod source = Specimens.counter();
        Pod target = TargetPod.of(source);
        Container container = target.getSpec().getContainers().get(0);
        Container original = source.getSpec().getContainers().get(0);
        assertThat(container.getCommand().subList(0, 2)).containsExactly("/lpm/entry", "run");
        assertThat(container.getCommand()).endsWith(original.getCommand().toArray(String[]::new));

        Pod without = new PodBuilder(target)
                .withMetadata(source.getMetadata())
                .editSpec()
                .removeMatchingFromInitContainers(init -> "lpm-install".equals(init.getName()))
                .removeMatchingFromVolumes(volume -> "lpm".equals(volume.getName()))
                .editFirstContainer()
                .removeMatchingFromVolumeMounts(mount -> "lpm".equals(mount.getName()))
                .withCommand(original.getCommand())
                .withStartupProbe(null)
                .endContainer()
                .endSpec()
                .build();
        assertThat(without).isEqualTo(source);

        assertThat(target.getSpec().getVolumes())
                .filteredOn(volume -> "lpm".equals(volume.getName()))
                .singleElement()
                .satisfies(volume -> assertThat(volume.getEmptyDir()).isNotNull());
        assertThat(target.getSpec().getInitContainers()).singleElement().satisfies(installer -> {
            SecurityContext security = installer.getSecurityContext();
            assertThat(security.getRunAsNonRoot()).isTrue();
            assertThat(security.getAllowPrivilegeEscalation()).isFalse();
            assertThat(security.getCapabilities().getDrop()).containsExactly("ALL");
            assertThat(security.getCapabilities().getAdd()).isEmpty();
            assertThat(security.getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        });
    }

    private static Map<String, String> credentials(int process) {
        Map<String, String> status = Processes.status(process);
        return Stream.of(
                        "Uid",
                        "Gid",
                        "Groups",
                        "CapInh",
                        "CapPrm",
                        "CapEff",
                        "CapBnd",
                        "CapAmb",
                        "NoNewPrivs",
                        "Seccomp")
                .collect(Collectors.toMap(name -> name, name -> status.getOrDefault(name, "")));
    }

    private static long residentBytes(int process) {
        return Long.parseLong(Processes.status(process)
                        .getOrDefault("VmRSS", "")
                        .replace("kB", "")
                        .strip())
                * 1024;
    }
}
