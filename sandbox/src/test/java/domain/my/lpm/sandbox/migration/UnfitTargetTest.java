package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster.Arrival;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A target that is not what the source was is refused, and the source goes on with its next line. */
@Tag("real")
class UnfitTargetTest {
    private static final String COUNT = "n=0; while true; do n=$((n + 1)); echo \"line $n\"; usleep 50000; done";

    @AutoClose
    private static final Cluster cluster = new Cluster();

    private static String refusal(Pod source, Pod target) {
        try (RunningPod pod = cluster.source.run(source)) {
            RunningContainer container = pod.container("main");
            container.awaitLine(line -> line.equals("line 3"), Cluster.SOON);
            try (Arrival arrival = cluster.migrate(container, TargetPod.of(target), Journey.PLAIN)) {
                assertThat(arrival.status().state()).isEqualTo(State.FAILED);
                assertThat(arrival.exitCode()).isEqualTo(20);
                assertThat(arrival.container().awaitExit(Cluster.SOON)).isEqualTo(20);
                assertThat(arrival.container().output()).isEmpty();
                int last = container.output().size();
                arrival.checkpoint().resume();
                container.awaitLine(line -> line.equals("line " + (last + 2)), Cluster.SOON);
                assertThat(container.output().get(last)).isEqualTo("line " + (last + 1));
                return String.valueOf(arrival.status().message());
            }
        }
    }

    @Test
    void aMissingMountIsNamed() {
        Pod without = Specimens.script("mounts", COUNT).build();
        Pod with = Specimens.merged(without, """
                spec:
                  containers:
                  - volumeMounts:
                    - {name: data, mountPath: /data}
                  volumes:
                  - {name: data, emptyDir: {}}
                """);

        assertThat(refusal(with, without))
                .isEqualTo("the container lacks the mount /data, which the checkpointed container had;"
                        + " give the target pod the same volume mounts as the source");
    }

    @Test
    void moreCapabilitiesThanTheTargetWasGrantedAreNamed() {
        Pod root = Specimens.script("root", COUNT).build();
        Pod restricted = new PodBuilder(root)
                .editSpec()
                .editContainer(0)
                .withNewSecurityContext()
                .withAllowPrivilegeEscalation(false)
                .withNewCapabilities()
                .withDrop(List.of("ALL"))
                .endCapabilities()
                .endSecurityContext()
                .endContainer()
                .endSpec()
                .build();

        assertThat(refusal(root, restricted))
                .startsWith("the checkpoint holds more privileges than the target pod grants: process 1 (busybox): ")
                .contains("CAP_CHOWN", "it may gain privileges by exec", "securityContext.capabilities");
    }
}
