package domain.my.lpm.api;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.List;
import java.util.stream.Stream;

/** Which containers of a pod live as long as the pod, so that they move with it. */
public final class PodContainers {
    private PodContainers() {}

    /**
     * Whether an init container is a sidecar: it is started before the containers that follow it, runs beside them and is ended
     * after them (kubernetes.io, "Sidecar Containers").
     */
    public static boolean isSidecar(Container initContainer) {
        return "Always".equals(initContainer.getRestartPolicy());
    }

    /** Sidecars and the pod's containers, in the order in which the kubelet starts them. */
    public static List<Container> lasting(PodSpec spec) {
        return Stream.concat(
                        spec.getInitContainers().stream().filter(PodContainers::isSidecar),
                        spec.getContainers().stream())
                .toList();
    }
}
