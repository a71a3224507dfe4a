package domain.my.lpm.sandbox;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A pod on a node: namespaces and volumes of its own, and containers that share them. */
public final class RunningPod implements AutoCloseable {
    private static final Duration INIT_CONTAINER = Patience.of(Duration.ofMinutes(2));

    private final Node node;
    private final Pod pod;
    private final Map<String, RunningContainer> containers = Collections.synchronizedMap(new LinkedHashMap<>());
    private final Map<String, Integer> attempts = new ConcurrentHashMap<>();
    private final List<RunningContainer> started = new CopyOnWriteArrayList<>();
    private volatile boolean removed;
    private volatile @Nullable String address;

    private RunningPod(Node node, Pod pod) {
        this.node = node;
        this.pod = pod;
    }

    static RunningPod start(Node node, Pod specified) {
        RunningPod running = prepare(node, specified);
        try {
            for (Container container : running.pod.getSpec().getInitContainers()) {
                RunningContainer first = running.startContainer(container);
                int code = first.awaitExit(INIT_CONTAINER);
                if (code != 0) {
                    throw new SandboxException("the init container '" + container.getName() + "' ended with exit code "
                            + code + ": " + String.join(" | ", first.output()));
                }
            }
            for (Container container : running.pod.getSpec().getContainers()) {
                running.startContainer(container);
            }
            return running;
        } catch (RuntimeException failure) {
            throw running.removedAfter(failure);
        }
    }

    /**
     * Makes what the containers of a pod share, and starts none of them.
     *
     * @throws SandboxException when the pod asks for what the sandbox does not have
     */
    public static RunningPod prepare(Node node, Pod specified) {
        Pod pod = specified;
        if (pod.getMetadata().getUid() == null) {
            pod = new PodBuilder(specified)
                    .editMetadata()
                    .withUid(UUID.randomUUID().toString())
                    .endMetadata()
                    .build();
        }
        RunningPod running = new RunningPod(node, pod);
        try {
            running.makeSandbox();
        } catch (RuntimeException failure) {
            throw running.removedAfter(failure);
        }
        node.pods().put(running.uid(), running);
        return running;
    }

    private RuntimeException removedAfter(RuntimeException failure) {
        try {
            remove();
        } catch (RuntimeException another) {
            failure.addSuppressed(another);
        }
        return failure;
    }

    /** The pod; its uid is set. */
    public Pod pod() {
        return pod;
    }

    /** The node it runs on. */
    public Node node() {
        return node;
    }

    /** The pod's uid. */
    public String uid() {
        return pod.getMetadata().getUid();
    }

    /**
     * The container of this name, init containers included; after a restart, its latest start.
     *
     * @throws SandboxException when the pod has none of this name
     */
    public RunningContainer container(String name) {
        RunningContainer container = containers.get(name);
        if (container == null) {
            throw new SandboxException("the pod '" + pod.getMetadata().getName() + "' has no container '" + name
                    + "': it has " + String.join(", ", containers.keySet()));
        }
        return container;
    }

    /** The directory of an emptyDir, as the machine sees it, content of a volume in memory included. */
    public Path volume(String name) {
        return node.root().resolve((directory() + "/volumes/kubernetes.io~empty-dir/" + name).substring(1));
    }

    /**
     * Starts a container of the pod once more, as the kubelet does after it has ended: the pod's namespaces and volumes
     * stay, its root file system is the image's again. What still runs of it is killed.
     */
    public RunningContainer restartContainer(String name) {
        container(name).remove();
        for (Container container : pod.getSpec().getContainers()) {
            if (container.getName().equals(name)) {
                return startContainer(container);
            }
        }
        throw new SandboxException("'" + name + "' is an init container: only the pod's containers are restarted");
    }

    /**
     * Starts a container of the pod, init containers included; what there is of an earlier start is killed and removed, but
     * for its log.
     *
     * @throws SandboxException when it does not start, or the pod has none of this name
     */
    public RunningContainer startContainer(String name) {
        RunningContainer earlier = containers.get(name);
        if (earlier != null) {
            earlier.remove();
        }
        return Stream.concat(pod.getSpec().getInitContainers().stream(), pod.getSpec().getContainers().stream())
                .filter(container -> container.getName().equals(name))
                .findFirst()
                .map(this::startContainer)
                .orElseThrow(() -> new SandboxException(
                        "the pod '" + pod.getMetadata().getName() + "' has no container '" + name + "' to start"));
    }

    /** The latest start of the container of this name; empty when it was never started. */
    public Optional<RunningContainer> latest(String name) {
        return Optional.ofNullable(containers.get(name));
    }

    /** How often the container of this name was started. */
    public int starts(String name) {
        return attempts.getOrDefault(name, 0);
    }

    /**
     * Gives the pod an interface {@code eth0}, on an Ethernet with the other pods of the node that were given one, with a
     * route to everywhere through the node.
     *
     * @param network the first three bytes of the node's network for pods, such as {@code 10.244.1}
     * @param host the last byte, 2 to 254
     */
    public void connect(String network, int host) {
        node.shell("""
                if ! ip link show pods > /dev/null 2>&1; then
                    ip link add name pods type bridge
                    ip addr add "$2.1/24" dev pods
                    ip link set pods up
                fi
                inside="nsenter --net=/run/pods/$1/net"
                $inside ip link add name eth0 type veth peer name "pod$3" netns 1
                ip link set "pod$3" master pods up
                $inside ip addr add "$2.$3/24" dev eth0
                $inside ip link set eth0 up
                $inside ip route add default via "$2.1"
                """, uid(), network, Integer.toString(host));
        address = network + "." + host;
    }

    /** The node's end of the pod's interface. */
    private static String port(String address) {
        return "pod" + address.substring(address.lastIndexOf('.') + 1);
    }

    /** The address that {@link #connect} gave it. */
    public Optional<String> address() {
        return Optional.ofNullable(address);
    }

    /** Kills what runs and removes all the pod had on the node. */
    public void remove() {
        if (removed) {
            return;
        }
        removed = true;
        node.pods().remove(uid());
        started.forEach(RunningContainer::remove);
        node.shell("""
                # The kernel would take it away some time after the namespace.
                if [ -n "$3" ]; then ip link del "$3" 2>/dev/null || :; fi
                for ns in net uts ipc shm; do umount "/run/pods/$1/$ns" 2>/dev/null || :; done
                for volume in "$2"/volumes/kubernetes.io~empty-dir/*; do umount "$volume" 2>/dev/null || :; done
                rm -rf --one-file-system "/run/pods/$1" "$2"
                find /sys/fs/cgroup -depth -type d -path "*/kubepods/pod$1*" -exec rmdir {} \\; 2>/dev/null || :
                """, uid(), directory(), address().map(RunningPod::port).orElse(""));
    }

    /** Same as {@link #remove}. */
    @Override
    public void close() {
        remove();
    }

    /** The kubelet's directory of the pod, on the node. */
    private String directory() {
        return "/var/lib/kubelet/pods/" + uid();
    }

    String logDirectory() {
        return "/var/log/pods/" + ContainerSpec.namespace(pod) + "_"
                + pod.getMetadata().getName() + "_" + uid();
    }

    private void makeSandbox() {
        String hostname = ContainerSpec.hostname(pod);
        StringBuilder script = new StringBuilder();
        for (Volume volume : pod.getSpec().getVolumes()) {
            script.append(volumeScript(volume));
        }
        node.shell(script + Scripts.text("pod"), uid(), hostname);
        Path files = node.root().resolve(directory().substring(1));
        try {
            Files.createDirectories(files);
            Files.writeString(files.resolve("hostname"), hostname + "\n");
            Files.writeString(files.resolve("resolv.conf"), "search cluster.local\nnameserver 127.0.0.1\n");
            for (Volume volume : pod.getSpec().getVolumes()) {
                if (volume.getProjected() != null) {
                    ProjectedFiles.write(
                            pod,
                            volume,
                            node.configMaps(),
                            node.root()
                                    .resolve(ContainerSpec.volumeDirectory(directory(), volume)
                                            .substring(1)));
                }
            }
            Files.writeString(
                    files.resolve("etc-hosts"),
                    "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.0.1\t" + hostname
                            + "\n");
        } catch (IOException error) {
            throw new UncheckedIOException("cannot write the files of the pod", error);
        }
    }

    private String volumeScript(Volume volume) {
        if (volume.getPersistentVolumeClaim() != null || volume.getProjected() != null) {
            return "";
        }
        if (volume.getEmptyDir() == null) {
            throw new SandboxException(
                    "the volume '" + volume.getName() + "' is neither an emptyDir, a projected volume"
                            + " nor a claim, which stands for the share; the sandbox has no others: change the pod");
        }
        if (!volume.getName().matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?")) {
            throw new SandboxException("'" + volume.getName() + "' cannot name a volume: it must be a DNS label");
        }
        String directory = ContainerSpec.volumeDirectory(directory(), volume);
        StringBuilder script = new StringBuilder("mkdir -p " + directory + "\n");
        if ("Memory".equals(volume.getEmptyDir().getMedium())) {
            Quantity limit = volume.getEmptyDir().getSizeLimit();
            script.append("mount -t tmpfs tmpfs ").append(directory).append(" -o noatime");
            if (limit != null) {
                script.append(",size=").append(Quantity.getAmountInBytes(limit).longValueExact());
            }
            script.append('\n');
        }
        script.append("chmod 0777 ").append(directory).append('\n');
        Long group = pod.getSpec().getSecurityContext() == null
                ? null
                : pod.getSpec().getSecurityContext().getFsGroup();
        if (group != null) {
            script.append("chgrp ").append(group).append(' ').append(directory);
            script.append("\nchmod g+s ").append(directory).append('\n');
        }
        return script.toString();
    }

    private RunningContainer startContainer(Container container) {
        int attempt = attempts.merge(container.getName(), 1, Integer::sum) - 1;
        RunningContainer running = RunningContainer.start(this, container, attempt, directory());
        started.add(running);
        containers.put(container.getName(), running);
        return running;
    }
}
