package domain.my.lpm.sandbox.agent;

import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.agent.hold.Commits;
import domain.my.lpm.agent.hold.Hold;
import domain.my.lpm.agent.node.ApiServer;
import domain.my.lpm.api.node.MigrationNodeStatus;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/** The API in a directory of files, which agents in several processes see. */
final class FileApi implements ApiServer, Commits {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;

    FileApi(Path directory) {
        this.directory = directory;
    }

    /** Puts a running pod into the API as its kubelet would. */
    Pod put(RunningPod pod) {
        List<ContainerStatus> statuses = pod.pod().getSpec().getContainers().stream()
                .map(Container::getName)
                .map(pod::container)
                .filter(RunningContainer::isRunning)
                .map(container -> new ContainerStatusBuilder()
                        .withName(container.name())
                        .withContainerID("cri-o://" + container.id())
                        .withNewState()
                        .withNewRunning()
                        .endRunning()
                        .endState()
                        .build())
                .toList();
        Pod known = new PodBuilder(pod.pod())
                .editMetadata()
                .withNamespace("default")
                .endMetadata()
                .editSpec()
                .withNodeName(pod.node().name())
                .endSpec()
                .withNewStatus()
                .withContainerStatuses(statuses)
                .endStatus()
                .build();
        write("pod-default-" + known.getMetadata().getName(), known);
        return known;
    }

    void verdict(Verdict verdict) {
        write("verdict", verdict);
    }

    Optional<MigrationNodeStatus> written(String node) {
        return read("node-" + node, MigrationNodeStatus.class);
    }

    @Override
    public Optional<Pod> pod(String namespace, String name) {
        return read("pod-" + namespace + "-" + name, Pod.class);
    }

    @Override
    public Optional<Node> node(String name) {
        return Optional.of(new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewStatus()
                .withNewNodeInfo()
                .withContainerRuntimeVersion("cri-o://1.34.11")
                .endNodeInfo()
                .endStatus()
                .build());
    }

    @Override
    public void write(String node, MigrationNodeStatus status) {
        write("node-" + node, (Object) status);
    }

    @Override
    public Verdict forbid(Hold hold) {
        return read("verdict", Verdict.class).orElse(Verdict.UNKNOWN);
    }

    /** Whether every migration is one that was turned back. */
    void turnedBack(boolean turned) {
        write("turned-back", turned);
    }

    @Override
    public boolean isOver(Hold hold) {
        return false;
    }

    @Override
    public boolean mayHold(Hold hold) {
        return !read("turned-back", Boolean.class).orElse(false);
    }

    private <T> Optional<T> read(String name, Class<T> type) {
        Path file = directory.resolve(name + ".json");
        try {
            return Files.exists(file) ? Optional.of(JSON.readValue(file.toFile(), type)) : Optional.empty();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private void write(String name, Object value) {
        try {
            Path partial = directory.resolve(name + ".partial");
            Files.write(partial, JSON.writeValueAsBytes(value));
            Files.move(
                    partial,
                    directory.resolve(name + ".json"),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
