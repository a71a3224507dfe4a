package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.PodReference;
import domain.my.lpm.agent.protocol.StoredForm;
import domain.my.lpm.agent.protocol.Taker;
import domain.my.lpm.agent.protocol.TcpPolicy;
import domain.my.lpm.api.Compression;
import domain.my.lpm.api.PodContainers;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.checkpoint.CheckpointSpec;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the objects say, in the words of the agents' protocol. */
public final class Requests {
    /** Of the protocol: the shortest deadline. */
    private static final long SHORTEST_DEADLINE = 1000;

    private Requests() {}

    /** A request without hold and volumes. */
    public static CheckpointRequest.Builder checkpoint(
            PodReference source, String checkpointId, CheckpointSpec spec, List<String> containers, Duration deadline) {
        return CheckpointRequest.newBuilder()
                .setSource(source)
                .setCheckpointId(checkpointId)
                .addAllContainers(containers)
                .setTaker(taker(spec.getCheckpointMethod()))
                .setForm(form(spec.getCompression()))
                .setTcp(tcp(spec.getTcp()))
                .setDeadlineMillis(Math.max(SHORTEST_DEADLINE, deadline.toMillis()));
    }

    /** The containers of a pod whose processes are in its checkpoint, sidecars first: they are to be there for the others. */
    public static List<String> containers(Pod pod) {
        return PodContainers.lasting(pod.getSpec()).stream()
                .map(Container::getName)
                .toList();
    }

    /** What becomes of connections. */
    public static TcpPolicy tcp(domain.my.lpm.api.TcpPolicy policy) {
        return switch (policy) {
            case ESTABLISHED -> TcpPolicy.ESTABLISHED;
            case CLOSE -> TcpPolicy.CLOSE;
            case FAIL -> TcpPolicy.FAIL;
        };
    }

    /** Who took a checkpoint. */
    static CheckpointMethod method(Taker taker) {
        return switch (taker) {
            case LAUNCHER -> CheckpointMethod.LAUNCHER;
            case KUBELET, TAKER_UNSPECIFIED, UNRECOGNIZED -> CheckpointMethod.KUBELET;
        };
    }

    private static Taker taker(@Nullable CheckpointMethod method) {
        if (method == null) {
            return Taker.TAKER_UNSPECIFIED;
        }
        return switch (method) {
            case KUBELET -> Taker.KUBELET;
            case LAUNCHER -> Taker.LAUNCHER;
        };
    }

    private static StoredForm form(Compression compression) {
        return switch (compression) {
            case ZSTD -> StoredForm.COMPRESSED;
            case NONE -> StoredForm.EXTRACTED;
        };
    }
}
