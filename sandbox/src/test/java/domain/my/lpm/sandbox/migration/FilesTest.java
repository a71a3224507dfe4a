package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.VolumeArchive;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The files which a container has changed travel with it. */
@Tag("real")
class FilesTest {
    private static final String CHANGES = """
            set -e
            read -r nonce < /proc/sys/kernel/random/uuid
            mkdir /new && echo "$nonce" > /new/file && ln -s file /new/link && chmod 640 /new/file && chown 12:34 /new/file
            echo changed > /etc/motd-of-image
            rm -r /home
            echo "$nonce" > /disk/file && mkdir /disk/sub && mkfifo /disk/sub/pipe
            echo "$nonce" > /memory/file
            exec 3> /new/open && echo first >&3
            echo ready
            while [ ! -e /disk/go ]; do usleep 20000; done
            echo second >&3
            check() { [ "$1" = "$2" ] && echo "ok $3" || echo "wrong $3: $1 instead of $2"; }
            check "$(cat /new/link)" "$nonce" new
            check "$(stat -c '%a %u:%g' /new/file)" "640 12:34" attributes
            check "$(cat /etc/motd-of-image)" changed changed
            check "$(ls -d /home 2>/dev/null)" "" deleted
            check "$(cat /disk/file)" "$nonce" disk
            check "$(stat -c %F /disk/sub/pipe)" fifo fifo
            check "$(cat /memory/file)" "$nonce" memory
            check "$(cat /new/open)" "$(printf 'first\\nsecond')" open
            echo done
            while true; do usleep 100000; done
            """;

    @AutoClose
    private static final Cluster cluster = new Cluster();

    private static Pod pod() {
        return Specimens.merged(Specimens.script("files", CHANGES).build(), """
                spec:
                  containers:
                  - volumeMounts:
                    - {name: disk, mountPath: /disk}
                    - {name: memory, mountPath: /memory}
                  volumes:
                  - {name: disk, emptyDir: {}}
                  - {name: memory, emptyDir: {medium: Memory}}
                """);
    }

    @Test
    @Tag("vm")
    void rootFileSystemAndVolumesTravel() {
        try (RunningPod pod = cluster.source.run(pod())) {
            RunningContainer container = pod.container("main");
            container.awaitLine("ready"::equals, Cluster.SOON);
            RunningPod targetPod = cluster.target.run(TargetPod.of(pod()));
            RunningContainer restored = targetPod.container("main");
            List<String> volumes = List.of("--volume", "disk=/disk", "--volume", "memory=/memory");
            try (targetPod;
                    Standby standby = Standby.start(restored, SourceAgent.owner(container), volumes)
                            .awaitReady(Cluster.SOON)) {
                RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(container, RuntimeCheckpoint.Options.HOLD);
                String id = cluster.newId();
                SourceAgent.store(container, checkpoint, id, Form.COMPRESSED, cluster.sandbox.share(), cluster.key);
                for (String volume : List.of("disk", "memory")) {
                    VolumeArchive.store(
                            pod.volume(volume), cluster.sandbox.share(), pod.uid(), id, volume, cluster.key.signer());
                }
                standby.release(SourceAgent.uri(container, id));
                assertThat(standby.awaitOutcome(Cluster.SOON).state())
                        .as(standby.said())
                        .isEqualTo(State.RESTORED);
                assertThat(restored.exec(List.of("touch", "/disk/go")).exitCode())
                        .isZero();
                restored.awaitLine("done"::equals, Cluster.SOON);
                assertThat(restored.output())
                        .containsExactly(
                                "ok new",
                                "ok attributes",
                                "ok changed",
                                "ok deleted",
                                "ok disk",
                                "ok fifo",
                                "ok memory",
                                "ok open",
                                "done");
            }
        }
    }
}
