package domain.my.lpm.controller.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.CheckpointReference;
import domain.my.lpm.api.RestoreMode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code <name>-source.yaml} and what becomes of it, {@code <name>-copy.yaml}. */
class TargetPodsTest {
    private static final CheckpointReference CHECKPOINT = new CheckpointReference("0a1b", "9f8e", Optional.empty());

    @ParameterizedTest
    @CsvSource({"running, b", "unplaced,", "injected, b"})
    void theCopyIsTheSourceWithoutWhatIsItsOwn(String name, String targetNode) {
        Pod source = read(name + "-source.yaml");
        String before = Serialization.asYaml(source);

        Pod copy = TargetPods.copy(
                source, "counter-restored", Optional.ofNullable(targetNode), RestoreMode.SELF_RESTORE, CHECKPOINT);

        assertThat(Serialization.asYaml(copy)).isEqualTo(Serialization.asYaml(read(name + "-copy.yaml")));
        assertThat(Serialization.asYaml(source))
                .as("the source is left as it is")
                .isEqualTo(before);
        assertThat(TargetPods.isCopy(copy, CHECKPOINT)).isTrue();
        assertThat(TargetPods.isCopy(source, CHECKPOINT)).isFalse();
    }

    @Test
    void aCopyThatMovesOnIsKeptOffNoFormerNode() {
        Pod first = TargetPods.copy(
                read("running-source.yaml"), "first", Optional.empty(), RestoreMode.SELF_RESTORE, CHECKPOINT);
        assertThat(avoided(first)).hasSize(1);
        first.getSpec().setNodeName("node-b");

        Pod second = TargetPods.copy(first, "second", Optional.empty(), RestoreMode.SELF_RESTORE, CHECKPOINT);
        assertThat(avoided(second)).containsExactly("node-b");
        second.getSpec().setNodeName("node-c");

        Pod third = TargetPods.copy(second, "third", Optional.of("node-b"), RestoreMode.SELF_RESTORE, CHECKPOINT);
        assertThat(avoided(third)).isEmpty();
    }

    private static List<String> avoided(Pod pod) {
        return Optional.ofNullable(pod.getSpec().getAffinity())
                .map(affinity -> affinity.getNodeAffinity())
                .map(affinity -> affinity.getRequiredDuringSchedulingIgnoredDuringExecution())
                .map(required -> required.getNodeSelectorTerms().stream()
                        .flatMap(term -> term.getMatchFields().stream())
                        .filter(field -> field.getOperator().equals("NotIn"))
                        .flatMap(field -> field.getValues().stream())
                        .toList())
                .orElse(List.of());
    }

    @Test
    void volumesMoveThatAContainerCanFill() {
        assertThat(TargetPods.volumes(read("running-source.yaml"))).containsExactly("data", "routes");
        assertThat(TargetPods.volumes(read("injected-source.yaml"))).isEmpty();
    }

    @Test
    void imagesReplaceThoseOfTheContainersTheyAreOf() {
        Pod copy = TargetPods.withImages(
                read("running-source.yaml"),
                Map.of("app", "localhost/checkpoint/app", "proxy", "localhost/checkpoint/proxy"));

        assertThat(copy.getSpec().getContainers())
                .extracting(container -> container.getImage())
                .containsExactly("localhost/checkpoint/app", "registry.example/helper:1");
        assertThat(copy.getSpec().getInitContainers())
                .extracting(container -> container.getImage())
                .containsExactly("registry.example/migrate:1", "localhost/checkpoint/proxy");
    }

    private static Pod read(String file) {
        try (InputStream stream =
                Objects.requireNonNull(TargetPodsTest.class.getResourceAsStream("pods/" + file), file)) {
            return Serialization.unmarshal(new String(stream.readAllBytes(), StandardCharsets.UTF_8), Pod.class);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
