package domain.my.lpm.api.validation;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationStrategy;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EphemeralContainerBuilder;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MigrationWarningsTest {
    private final Scene scene = new Scene();

    @Test
    void saysNothingOfAnOrdinaryPodAndOfNone() {
        assertThat(warnings()).isEmpty();
        scene.pod = Optional.empty();
        assertThat(warnings()).isEmpty();
    }

    @Test
    void tellsOfAStrategyThatIsNotFollowed() {
        scene.migration.getSpec().setStrategy(MigrationStrategy.POST_COPY);

        assertThat(warnings())
                .containsExactly(
                        "strategy PostCopy is not available in this version: the pod stands still while all of its memory is"
                                + " copied, as with StopAndCopy");
    }

    @Test
    void tellsOfLivenessProbesThatFailWhileThePodStandsStill() {
        scene.migration.getSpec().getTimeouts().setCheckpointSeconds(31);
        scene.pod().getSpec().getContainers().get(0).setLivenessProbe(new ProbeBuilder().build());
        scene.pod()
                .getSpec()
                .getContainers()
                .add(new ContainerBuilder(Scene.container("patient"))
                        .withNewLivenessProbe()
                        .withPeriodSeconds(31)
                        .withFailureThreshold(1)
                        .endLivenessProbe()
                        .build());
        scene.addSidecar("proxy")
                .setLivenessProbe(new ProbeBuilder()
                        .withPeriodSeconds(2)
                        .withFailureThreshold(4)
                        .build());

        assertThat(warnings())
                .containsExactly(
                        "the liveness probe of container 'proxy' fails after 8 s, and the checkpoint may take 31 s: the kubelet would"
                                + " restart it; lengthen the former, or shorten timeouts.checkpointSeconds",
                        "the liveness probe of container 'app' fails after 30 s, and the checkpoint may take 31 s: the kubelet would"
                                + " restart it; lengthen the former, or shorten timeouts.checkpointSeconds",
                        "the liveness probe of sidecar 'proxy' begins late in the copy: after as long as a copy may stand by, an hour by"
                                + " default; what hangs there before is not restarted");
    }

    @Test
    void saysNothingOfAProbeThatTheRuntimesCopyHasAtOnce() {
        scene.migration.getSpec().setRestoreMode(RestoreMode.CRI_O);
        scene.pod().getSpec().setRestartPolicy("Never");
        scene.addSidecar("proxy")
                .setLivenessProbe(new ProbeBuilder().withPeriodSeconds(1000).build());

        assertThat(warnings()).isEmpty();
    }

    @Test
    void tellsThatWhatARuntimeRestoredIsNotRestarted() {
        scene.migration.getSpec().setRestoreMode(RestoreMode.CRI_O);
        assertThat(warnings())
                .containsExactly(
                        "the copy of pod 'counter' has restartPolicy Never, since its kubelet would restore a container that has ended from"
                                + " the checkpoint again; set restoreMode to self-restore if it has to be restarted");
        scene.pod().getSpec().setRestartPolicy("Never");
        assertThat(warnings()).isEmpty();
    }

    @Test
    void tellsOfClaimsOnce() {
        for (String name : List.of("one", "two")) {
            scene.add(new VolumeBuilder()
                    .withName(name)
                    .withNewPersistentVolumeClaim()
                    .withClaimName("data")
                    .endPersistentVolumeClaim()
                    .build());
        }

        assertThat(warnings())
                .containsExactly(
                        "PersistentVolumeClaim 'data' is mounted on both nodes at once for a time, which ReadWriteOnce does not allow;"
                                + " make sure that its access mode is ReadWriteMany");
    }

    @Test
    void tellsOfContainersThatStayBehind() {
        scene.pod()
                .getSpec()
                .getEphemeralContainers()
                .add(new EphemeralContainerBuilder().withName("debugger").build());

        assertThat(warnings())
                .containsExactly(
                        "ephemeral container 'debugger' of pod 'counter' stays behind, since no pod can be created with it");
    }

    private List<String> warnings() {
        return MigrationWarnings.of(
                scene.migration,
                new MigrationFacts(scene.pod, scene.target, scene.sourceAgent, scene.targetAgent, scene.others));
    }
}
