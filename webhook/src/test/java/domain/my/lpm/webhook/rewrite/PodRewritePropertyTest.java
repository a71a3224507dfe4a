package domain.my.lpm.webhook.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.SchedulingGates;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSchedulingGate;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every pod that is rewritten. */
class PodRewritePropertyTest {
    private static final List<String> LENT =
            List.of("runAsUser", "capabilities", "allowPrivilegeEscalation", "seccompProfile");

    @ParameterizedTest
    @MethodSource("domain.my.lpm.webhook.rewrite.Golden#injected")
    void losesAndChangesNothingButWhatIsListed(Golden golden) {
        Settings settings = golden.settings();
        JsonNode before = golden.inputTree();
        JsonNode after = tree(PodRewrite.rewrite(golden.input(), settings).pod());

        ObjectNode annotations = (ObjectNode) after.path("metadata").path("annotations");
        Set<String> injected = new HashSet<>();
        parse(annotations.remove(Annotations.REPLACED).textValue()).fieldNames().forEachRemaining(injected::add);
        assertThat(annotations.remove(Annotations.INJECTED).textValue()).matches("[0-9a-f]{64}");
        annotations.remove(Annotations.VOLUMES);
        if (settings.delivery() == Delivery.INIT_CONTAINER) {
            JsonNode first = ((ArrayNode) after.at("/spec/initContainers")).remove(0);
            assertThat(first.path("name").textValue()).isEqualTo(Injected.INSTALLER);
        }
        boolean lends = settings.privileges() == Privileges.POD;
        removeLast(after.at("/spec/volumes"), lends ? 3 : 1);
        assertThat(injected).isNotEmpty();
        for (JsonNode container : containers(after)) {
            JsonNode own = named(containers(before), container.path("name").textValue());
            if (!injected.contains(container.path("name").textValue())) {
                assertThat(container).isEqualTo(own);
                continue;
            }
            List<String> words = words(container.path("command"));
            int end = words.indexOf("--");
            assertThat(words.subList(end + 1, words.size()))
                    .isEqualTo(Stream.concat(words(own.path("command")).stream(), words(own.path("args")).stream())
                            .toList());
            assertThat(words.subList(0, 2)).containsExactly(Injected.ENTRY, "run");
            removeLast(
                    container.path("volumeMounts"), !lends ? 1 : settings.delivery() == Delivery.IMAGE_VOLUME ? 4 : 3);
            List<JsonNode> both = List.of(container, own);
            both.forEach(one -> ((ObjectNode) one).remove(List.of("command", "args")));
            if (words.contains("--standby")) {
                both.forEach(one -> ((ObjectNode) one).remove("startupProbe"));
                if ("Always".equals(own.path("restartPolicy").textValue())) {
                    both.stream()
                            .filter(one -> one.has("livenessProbe"))
                            .forEach(one -> ((ObjectNode) one.path("livenessProbe")).remove("initialDelaySeconds"));
                }
            }
            if (lends) {
                both.stream()
                        .filter(one -> one.has("securityContext"))
                        .forEach(one -> ((ObjectNode) one.path("securityContext")).remove(LENT));
            }
        }

        assertThat(withoutEmpty(after)).isEqualTo(withoutEmpty(before));
    }

    @ParameterizedTest
    @MethodSource("domain.my.lpm.webhook.rewrite.Golden#injected")
    void changesNothingTheSecondTime(Golden golden) {
        Pod once = PodRewrite.rewrite(golden.input(), golden.settings()).pod();
        Rewrite twice = PodRewrite.rewrite(once, golden.settings());

        assertThat(twice.decision()).isEqualTo(Decision.ALREADY_INJECTED);
        assertThat(twice.pod()).isSameAs(once);
        assertThat(PodRewrite.decide(once, golden.settings())).isEqualTo(Decision.ALREADY_INJECTED);
    }

    @ParameterizedTest
    @MethodSource("domain.my.lpm.webhook.rewrite.Golden#injected")
    void changesNothingAfterTheApiServerFilledInItsDefaults(Golden golden) {
        Pod once =
                Json.copy(PodRewrite.rewrite(golden.input(), golden.settings()).pod());
        Stream.concat(once.getSpec().getInitContainers().stream(), once.getSpec().getContainers().stream())
                .forEach(container -> {
                    container.setTerminationMessagePath("/dev/termination-log");
                    container.setImagePullPolicy("Always");
                });

        assertThat(PodRewrite.decide(once, golden.settings())).isEqualTo(Decision.ALREADY_INJECTED);
    }

    @ParameterizedTest
    @MethodSource("domain.my.lpm.webhook.rewrite.Golden#injected")
    void canBeUndone(Golden golden) {
        Pod pod = golden.input();

        assertThat(tree(PodRewrite.undo(
                        PodRewrite.rewrite(pod, golden.settings()).pod())))
                .isEqualTo(tree(pod));
        assertThat(PodRewrite.undo(pod)).isSameAs(pod);
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void isMadeAnewWhenTheSettingsAreOthers(Golden golden, Golden other) {
        Pod once = PodRewrite.rewrite(golden.input(), golden.settings()).pod();
        if (PodRewrite.decide(golden.input(), other.settings()) != Decision.INJECT) {
            assertThat(PodRewrite.rewrite(once, other.settings()).pod()).isSameAs(once);
            return;
        }

        assertThat(tree(PodRewrite.rewrite(once, other.settings()).pod()))
                .isEqualTo(tree(
                        PodRewrite.rewrite(golden.input(), other.settings()).pod()));
    }

    /** Every rewritten pod with the settings of every other, as long as the pod can be refused by neither. */
    static Stream<Arguments> pairs() {
        List<Golden> sources = List.of(
                Golden.named("plain"),
                Golden.named("counter"),
                Golden.named("multi-container"),
                Golden.named("probes"),
                Golden.named("sidecars-and-init-containers"),
                Golden.named("pod-privileges"),
                Golden.named("pod-privileges-image-volume"));
        List<Golden> settings = List.of(
                Golden.named("plain"),
                Golden.named("restricted"),
                Golden.named("host-directory"),
                Golden.named("image-volume"),
                Golden.named("pod-privileges"),
                Golden.named("pod-privileges-host-directory"),
                Golden.named("pod-privileges-image-volume"));
        return sources.stream().flatMap(source -> settings.stream().map(other -> Arguments.of(source, other)));
    }

    @Test
    void makesTheTargetFromTheInjectedSource() {
        Golden source = Golden.named("probes");
        Pod injected = PodRewrite.rewrite(source.input(), source.settings()).pod();
        injected.getMetadata()
                .getAnnotations()
                .put(Annotations.CHECKPOINT_PATH, "shared://0f8fad5b-d9cb-469f-a165-70867728950e/first");
        Golden target = Golden.named("probes-of-a-target");

        Rewrite rewrite = PodRewrite.rewrite(injected, target.settings());

        assertThat(rewrite.decision()).isEqualTo(Decision.INJECT);
        assertThat(tree(rewrite.pod())).isEqualTo(target.expectedTree());
    }

    @Test
    void takesAwayTheGateOfTheControllerAndNoOther() {
        Golden golden = Golden.named("counter-as-target");
        Pod bare = golden.input();
        Pod prepared = PodRewrite.rewrite(bare, golden.settings()).pod();
        for (Pod pod : List.of(bare, prepared)) {
            pod = Json.copy(pod);
            pod.getSpec()
                    .setSchedulingGates(List.of(
                            new PodSchedulingGate(SchedulingGates.UNPREPARED),
                            new PodSchedulingGate("example.com/quota")));

            Rewrite rewrite = PodRewrite.rewrite(pod, golden.settings());

            assertThat(rewrite.decision()).isEqualTo(Decision.INJECT);
            assertThat(rewrite.pod().getSpec().getSchedulingGates())
                    .extracting(PodSchedulingGate::getName)
                    .containsExactly("example.com/quota");
            rewrite.pod().getSpec().setSchedulingGates(List.of());
            assertThat(tree(rewrite.pod())).isEqualTo(tree(prepared));
        }
    }

    @Test
    void makesTheTargetFromASourceWithSidecars() {
        Golden target = Golden.named("sidecars-of-a-target");
        Pod source = target.input();
        source.getMetadata().getAnnotations().remove(Annotations.CHECKPOINT_PATH);
        Pod injected = PodRewrite.rewrite(source, target.settings()).pod();
        assertThat(injected.getSpec().getInitContainers().get(1).getStartupProbe())
                .as("a sidecar that begins is awaited")
                .isNotNull();
        injected.getMetadata()
                .getAnnotations()
                .put(Annotations.CHECKPOINT_PATH, "shared://0f8fad5b-d9cb-469f-a165-70867728950e/first");

        Rewrite rewrite = PodRewrite.rewrite(injected, target.settings());

        assertThat(tree(rewrite.pod())).isEqualTo(target.expectedTree());
    }

    @Test
    void keepsWhatTheUserChangedSince() {
        Golden golden = Golden.named("pod-privileges-target");
        Pod injected =
                Json.copy(PodRewrite.rewrite(golden.input(), golden.settings()).pod());
        Container container = injected.getSpec().getContainers().get(0);
        container.setImage("registry.example/app:2");
        container.getSecurityContext().setReadOnlyRootFilesystem(false);

        Container undone = PodRewrite.undo(injected).getSpec().getContainers().get(0);

        assertThat(undone.getImage()).isEqualTo("registry.example/app:2");
        assertThat(undone.getSecurityContext().getReadOnlyRootFilesystem()).isFalse();
        assertThat(undone.getSecurityContext().getRunAsUser()).isEqualTo(1000);
        assertThat(undone.getStartupProbe()).isNull();
    }

    @Test
    void injectsAContainerThatAnotherWebhookAddedSince() {
        Golden golden = Golden.named("plain");
        Pod more = new PodBuilder(
                        PodRewrite.rewrite(golden.input(), golden.settings()).pod())
                .editSpec()
                .addNewContainer()
                .withName("late")
                .withImage("registry.example/late:1")
                .withCommand("/late")
                .endContainer()
                .endSpec()
                .build();

        Rewrite rewrite = PodRewrite.rewrite(more, golden.settings());

        assertThat(rewrite.decision()).isEqualTo(Decision.INJECT);
        assertThat(rewrite.pod().getSpec().getContainers())
                .extracting(container -> container.getCommand().get(0))
                .containsOnly(Injected.ENTRY);
        assertThat(rewrite.pod().getSpec().getInitContainers()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"restricted", "counter", "counter-as-target"})
    void leavesARestrictedPodRestricted(String name) {
        Golden golden = Golden.named(name);

        assertThat(PodSecurity.violations(golden.inputTree())).isEmpty();
        assertThat(PodSecurity.violations(tree(
                        PodRewrite.rewrite(golden.input(), golden.settings()).pod())))
                .isEmpty();
    }

    @Test
    void doesNotPassForRestrictedWhenThePodLends() {
        Golden golden = Golden.named("pod-privileges");

        assertThat(PodSecurity.violations(golden.expectedTree()))
                .contains("app: allowPrivilegeEscalation", "app: capabilities.add SYS_ADMIN", "app: runAsUser")
                .noneMatch(violation -> violation.startsWith(Injected.INSTALLER));
    }

    @ParameterizedTest
    @MethodSource("domain.my.lpm.webhook.rewrite.Golden#injected")
    void keepsTheQualityOfService(Golden golden) {
        assertThat(qualityOfService(
                        PodRewrite.rewrite(golden.input(), golden.settings()).pod()))
                .isEqualTo(qualityOfService(golden.input()));
    }

    @Test
    void goldensCoverEveryQualityOfService() {
        assertThat(Golden.injected().map(golden -> qualityOfService(golden.input())))
                .contains("BestEffort", "Burstable", "Guaranteed");
    }

    @Test
    void admissionWarningsAreShortEnoughToBeShownWhole() {
        assertThat(Golden.all().flatMap(golden -> {
                    List<String> warnings = golden.outcome().warnings();
                    return warnings == null ? Stream.empty() : warnings.stream();
                }))
                .isNotEmpty()
                .allMatch(warning -> warning.length() <= 256);
    }

    @Test
    void leavesAPodAloneWhoseCommandsDoNotFitIntoAnnotations() {
        Golden golden = Golden.named("plain");
        Pod pod = golden.input();
        Container container = pod.getSpec().getContainers().get(0);
        container.setArgs(List.of("x".repeat(250 * 1024)));
        assertThat(PodRewrite.decide(pod, golden.settings())).isEqualTo(Decision.INJECT);
        container.setArgs(List.of("x".repeat(256 * 1024)));

        Rewrite rewrite = PodRewrite.rewrite(pod, golden.settings());

        assertThat(rewrite.decision()).isEqualTo(Decision.CANNOT);
        assertThat(rewrite.pod()).isSameAs(pod);
        assertThat(rewrite.warnings())
                .singleElement()
                .asString()
                .matches("pod 'app': its annotations would take 262\\d{3} bytes with the record of its commands;"
                        + " allowed are 262144; shorten them");
    }

    @Test
    void takesAPodWithoutMetadata() {
        Pod pod = Golden.named("plain").input();
        pod.setMetadata(null);

        Rewrite rewrite = PodRewrite.rewrite(pod, Golden.named("namespace-asks").settings());

        assertThat(rewrite.decision()).isEqualTo(Decision.INJECT);
        assertThat(rewrite.pod().getMetadata().getAnnotations())
                .containsOnlyKeys(Annotations.INJECTED, Annotations.REPLACED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{\"app\":1}",
                "{\"app\":{\"command\":\"sh\",\"args\":[]}}",
                "{\"app\":{\"command\":[1],\"args\":[]}}"
            })
    void refusesARecordThatItDidNotWrite(String record) {
        Golden golden = Golden.named("plain");
        Pod injected =
                Json.copy(PodRewrite.rewrite(golden.input(), golden.settings()).pod());
        injected.getMetadata().getAnnotations().put(Annotations.REPLACED, record);

        assertThatThrownBy(() -> PodRewrite.undo(injected))
                .isInstanceOf(PodRefusedException.class)
                .hasMessageStartingWith("annotation migration.replaced does not fit the pod: ")
                .hasMessageEndingWith("; remove the annotations migration.injected and migration.replaced"
                        + " and write the pod as it was before its injection");
    }

    /** As the kubelet computes it, from CPU and memory of all containers. */
    private static String qualityOfService(Pod pod) {
        List<ResourceRequirements> all = new ArrayList<>();
        Stream.concat(pod.getSpec().getInitContainers().stream(), pod.getSpec().getContainers().stream())
                .map(Container::getResources)
                .map(resources -> resources == null ? new ResourceRequirements() : resources)
                .forEach(all::add);
        if (all.stream()
                .allMatch(one -> amounts(one.getRequests()).isEmpty()
                        && amounts(one.getLimits()).isEmpty())) {
            return "BestEffort";
        }
        return all.stream()
                        .allMatch(one -> amounts(one.getLimits()).size() == 2
                                && amounts(one.getLimits()).equals(amounts(one.getRequests())))
                ? "Guaranteed"
                : "Burstable";
    }

    private static Map<String, Quantity> amounts(Map<String, Quantity> resources) {
        Map<String, Quantity> amounts = new TreeMap<>();
        if (resources != null) {
            amounts.putAll(resources);
        }
        amounts.keySet().retainAll(Set.of("cpu", "memory"));
        return amounts;
    }

    private static JsonNode tree(Pod pod) {
        try {
            return Golden.YAML.readTree(Golden.YAML.writeValueAsString(pod));
        } catch (JsonProcessingException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static JsonNode parse(String json) {
        try {
            return Json.MAPPER.readTree(json);
        } catch (JsonProcessingException unreadable) {
            throw new AssertionError(unreadable);
        }
    }

    private static List<JsonNode> containers(JsonNode pod) {
        List<JsonNode> all = new ArrayList<>();
        pod.at("/spec/initContainers").forEach(all::add);
        pod.at("/spec/containers").forEach(all::add);
        return all;
    }

    private static JsonNode named(Iterable<JsonNode> list, String name) {
        for (JsonNode one : list) {
            if (one.path("name").textValue().equals(name)) {
                return one;
            }
        }
        throw new AssertionError("no " + name);
    }

    private static List<String> words(JsonNode list) {
        List<String> words = new ArrayList<>();
        list.forEach(word -> words.add(word.textValue()));
        return words;
    }

    private static void removeLast(JsonNode list, int count) {
        for (int i = 0; i < count; i++) {
            ((ArrayNode) list).remove(list.size() - 1);
        }
    }

    /** To Kubernetes an empty list or mapping of settings that were not there is no setting; emptyDir {} is one. */
    private static JsonNode withoutEmpty(JsonNode pod) {
        for (String parent : List.of("/metadata", "/spec")) {
            removeEmpty(pod.at(parent));
        }
        containers(pod).forEach(PodRewritePropertyTest::removeEmpty);
        return pod;
    }

    private static void removeEmpty(JsonNode object) {
        for (String field : List.of("annotations", "initContainers", "volumes", "volumeMounts", "securityContext")) {
            if (object.has(field) && object.path(field).isEmpty()) {
                ((ObjectNode) object).remove(field);
            }
        }
    }
}
