package domain.my.lpm.sandbox.cluster.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationSpec;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.apiserver.OnEveryApiServer;
import domain.my.lpm.apiserver.RealApiServer;
import domain.my.lpm.sandbox.cluster.tls.Authority;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

@OnEveryApiServer
class ApiServerTest {
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    private static final PatchContext JSON = PatchContext.of(PatchType.JSON);
    private static final String NO_CONTROLLERS =
            "nobody collects garbage; put kube-controller-manager beside kube-apiserver in the directory of -Dlpm.apiServer";
    private static final String ZEROS = "00000000-0000-0000-0000-000000000000";

    /** What answers, without the objects of the test before. */
    private interface Served extends AutoCloseable {
        Config config();

        boolean collectsGarbage();

        @Override
        void close();
    }

    @AutoClose
    private final Served server;

    @AutoClose
    private final KubernetesClient client;

    ApiServerTest(ApiServerKind kind) {
        server = switch (kind) {
            case IN_MEMORY -> inMemory();
            case REAL -> real();
        };
        client = new KubernetesClientBuilder().withConfig(server.config()).build();
    }

    private static Served inMemory() {
        ApiServer server = ApiServer.start(new Authority(), "secret", InstantSource.system());
        server.load(Path.of("../crds"));
        return new Served() {
            @Override
            public Config config() {
                return server.clientConfig();
            }

            @Override
            public boolean collectsGarbage() {
                return true;
            }

            @Override
            public void close() {
                server.close();
            }
        };
    }

    private static Served real() {
        RealApiServer server = RealApiServer.shared();
        server.clear(
                "/apis/lpm.my.domain/v1/podmigrations",
                "/apis/lpm.my.domain/v1/podcheckpoints",
                "/apis/coordination.k8s.io/v1/leases",
                "/api/v1/configmaps",
                "/api/v1/pods",
                "/api/v1/nodes");
        return new Served() {
            @Override
            public Config config() {
                return new ConfigBuilder(Config.empty())
                        .withMasterUrl(server.address().toString())
                        .withOauthToken(server.token())
                        .withCaCertData(Base64.getEncoder()
                                .encodeToString(server.authority().getBytes(StandardCharsets.UTF_8)))
                        .withNamespace("default")
                        .withOnlyHttpWatches(true)
                        .build();
            }

            @Override
            public boolean collectsGarbage() {
                return server.collectsGarbage();
            }

            @Override
            public void close() {}
        };
    }

    /** What other controllers do takes its time. */
    private static ConditionFactory patiently() {
        return await().atMost(Duration.ofMinutes(1));
    }

    private static ConfigMapBuilder map(String name) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withData(Map.of("a", "1"));
    }

    private static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .addToLabels("app", name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("busybox")
                .endContainer()
                .endSpec()
                .build();
    }

    private static PodMigration migration(String name) {
        PodMigration migration = new PodMigration();
        migration.setMetadata(
                new ObjectMetaBuilder().withName(name).withNamespace("default").build());
        PodMigrationSpec spec = new PodMigrationSpec();
        spec.setPodName("counter");
        migration.setSpec(spec);
        return migration;
    }

    private void refused(int code, String message, Runnable act) {
        assertThatThrownBy(act::run)
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        refused ->
                                assertThat(refused.getCode()).as("%s", refused).isEqualTo(code))
                .hasMessageContaining(message);
    }

    @Test
    void whoeverHasNotTheTokenIsRefused() {
        try (KubernetesClient stranger = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(server.config())
                        .withOauthToken("guess")
                        .build())
                .build()) {
            refused(401, "Unauthorized", () -> stranger.pods().list());
        }
    }

    @Test
    void theServerSetsUidTimeVersionAndGeneration() {
        ConfigMap created = client.resource(map("m").build()).create();
        assertThat(created.getMetadata().getUid()).hasSize(36);
        assertThat(created.getMetadata().getCreationTimestamp()).endsWith("Z");
        assertThat(created.getMetadata().getGeneration()).isNull();
        assertThat(Long.parseLong(created.getMetadata().getResourceVersion())).isPositive();
        refused(
                409,
                "configmaps \"m\" already exists",
                () -> client.resource(map("m").build()).create());
        refused(
                404,
                "configmaps \"n\" not found",
                () -> client.resource(map("n").build()).update());
        refused(
                404,
                "namespaces \"none\" not found",
                () -> client.resource(map("m").editMetadata()
                                .withNamespace("none")
                                .endMetadata()
                                .build())
                        .create());
    }

    @Test
    void generatedNamesDifferAndStartAlike() {
        ConfigMap model = new ConfigMapBuilder()
                .withNewMetadata()
                .withGenerateName("some-")
                .withNamespace("default")
                .endMetadata()
                .build();
        List<String> names = List.of(
                client.resource(model).create().getMetadata().getName(),
                client.resource(model).create().getMetadata().getName());
        assertThat(names).doesNotHaveDuplicates().allMatch(name -> name.matches("some-[a-z0-9]{5}"));
    }

    @Test
    void namesEndAtTheirLimit() {
        client.resource(map("m".repeat(253)).build()).create();
        refused(
                422,
                "metadata.name: Invalid value",
                () -> client.resource(map("m".repeat(254)).build()).create());
        refused(
                422,
                "metadata.name: Invalid value",
                () -> client.resource(map("Upper").build()).create());
    }

    @Test
    void anUpdateByAnOldVersionConflictsAndOneWithoutChangeIsNone() {
        ConfigMap first = client.resource(map("m").build()).create();
        ConfigMap second = client.resource(
                        new ConfigMapBuilder(first).addToData("b", "2").build())
                .update();
        assertThat(second.getMetadata().getResourceVersion())
                .isNotEqualTo(first.getMetadata().getResourceVersion());
        refused(
                409,
                "the object has been modified",
                () -> client.resource(
                                new ConfigMapBuilder(first).addToData("c", "3").build())
                        .lockResourceVersion()
                        .update());
        assertThat(client.resource(second).update()).isEqualTo(second);
    }

    @Test
    void patchesWithAnOldVersionConflict() {
        ConfigMap first = client.resource(map("m").build()).create();
        client.resource(first).patch(MERGE, "{\"data\": {\"a\": null, \"b\": \"2\"}}");
        assertThat(client.resource(first).get().getData()).isEqualTo(Map.of("b", "2"));
        String old = first.getMetadata().getResourceVersion();
        refused(
                409,
                "the object has been modified",
                () -> client.resource(first)
                        .patch(
                                MERGE,
                                "{\"metadata\": {\"resourceVersion\": \"" + old + "\"}, \"data\": {\"c\": \"3\"}}"));
        refused(
                409,
                "the object has been modified",
                () -> client.resource(first)
                        .patch(
                                JSON,
                                "[{\"op\": \"replace\", \"path\": \"/metadata/resourceVersion\", \"value\": \"" + old
                                        + "\"}, {\"op\": \"add\", \"path\": \"/data/c\", \"value\": \"3\"}]"));
        client.resource(first).patch(JSON, "[{\"op\": \"replace\", \"path\": \"/data/b\", \"value\": \"4\"}]");
        assertThat(client.resource(first).get().getData()).isEqualTo(Map.of("b", "4"));
        refused(
                422,
                "the server rejected our request due to an error in our request",
                () -> client.resource(first)
                        .patch(JSON, "[{\"op\": \"test\", \"path\": \"/data/b\", \"value\": \"5\"}]"));
    }

    @Test
    void statusAndSpecAreKeptApart() {
        PodMigration migration = migration("m");
        PodMigrationStatus early = new PodMigrationStatus();
        early.setPhase(MigrationPhase.PENDING);
        migration.setStatus(early);
        PodMigration created = client.resource(migration).create();
        assertThat(created.getStatus().getPhase()).as("a status is not created").isNull();

        PodMigration withStatus = client.resource(created).get();
        withStatus.setStatus(early);
        withStatus.getMetadata().setLabels(Map.of("changed", "too"));
        PodMigration updated = client.resource(withStatus).updateStatus();
        assertThat(updated.getStatus().getPhase()).isEqualTo(MigrationPhase.PENDING);
        assertThat(updated.getMetadata().getLabels()).isNullOrEmpty();
        assertThat(updated.getMetadata().getGeneration()).isEqualTo(1);

        updated.setStatus(null);
        updated.getMetadata().setLabels(Map.of("changed", "now"));
        PodMigration replaced = client.resource(updated).update();
        assertThat(replaced.getStatus().getPhase()).isEqualTo(MigrationPhase.PENDING);
        assertThat(replaced.getMetadata().getLabels()).containsEntry("changed", "now");

        client.resource(replaced)
                .subresource("status")
                .patch(MERGE, "{\"status\": {\"message\": \"waits\"}, \"spec\": {\"podName\": \"other\"}}");
        PodMigration patched = client.resource(replaced).get();
        assertThat(patched.getStatus().getMessage()).isEqualTo("waits");
        assertThat(patched.getSpec().getPodName()).isEqualTo("counter");
    }

    @Test
    void theGenerationCountsChangesOfTheContent() {
        PodMigration created = client.resource(migration("m")).create();
        client.resource(created).patch(MERGE, "{\"metadata\": {\"labels\": {\"a\": \"b\"}}}");
        assertThat(client.resource(created).get().getMetadata().getGeneration()).isEqualTo(1);
        PodCheckpoint checkpoint = new PodCheckpoint();
        checkpoint.setMetadata(
                new ObjectMetaBuilder().withName("c").withNamespace("default").build());
        checkpoint.getSpec().setPodName("counter");
        checkpoint.setStatus(null);
        client.resource(checkpoint).create();
        client.resource(checkpoint).patch(MERGE, "{\"spec\": {\"deletionPolicy\": \"Retain\"}}");
        assertThat(client.resource(checkpoint).get().getMetadata().getGeneration())
                .isEqualTo(2);
    }

    @Test
    void anApplyCreatesMergesAndTakesBackWhatItsManagerGivesUp() {
        ConfigMap applied = client.resource(map("m").build())
                .fieldManager("first")
                .forceConflicts()
                .serverSideApply();
        assertThat(applied.getMetadata().getUid()).isNotBlank();
        client.resource(map("m").withData(Map.of("b", "2"))
                        .editMetadata()
                        .withFinalizers("lpm.my.domain/second")
                        .endMetadata()
                        .build())
                .fieldManager("second")
                .forceConflicts()
                .serverSideApply();
        ConfigMap both = client.resource(applied).get();
        assertThat(both.getData()).isEqualTo(Map.of("a", "1", "b", "2"));
        assertThat(both.getMetadata().getFinalizers()).containsExactly("lpm.my.domain/second");

        client.resource(map("m").withData(Map.of("c", "3")).build())
                .fieldManager("first")
                .forceConflicts()
                .serverSideApply();
        ConfigMap after = client.resource(applied).get();
        assertThat(after.getData()).isEqualTo(Map.of("b", "2", "c", "3"));
        assertThat(after.getMetadata().getFinalizers()).containsExactly("lpm.my.domain/second");
        assertThat(after.getMetadata().getUid()).isEqualTo(applied.getMetadata().getUid());
    }

    @Test
    void anAppliedStatusMergesItsConditionsByType() {
        PodMigration created = client.resource(migration("m")).create();
        for (String type : List.of("Accepted", "StandbyReady", "Accepted")) {
            client.resource(created)
                    .subresource("status")
                    .patch(
                            new PatchContext.Builder()
                                    .withPatchType(PatchType.SERVER_SIDE_APPLY)
                                    .withFieldManager(type)
                                    .withForce(true)
                                    .build(),
                            """
                    {"apiVersion": "lpm.my.domain/v1", "kind": "PodMigration", "metadata": {"name": "m"}, "status":
                    {"conditions": [{"type": "%s", "status": "True", "reason": "Fine", "message": "",
                    "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}""".formatted(type));
        }
        assertThat(client.resource(created).get().getStatus().getConditions())
                .extracting("type")
                .containsExactly("Accepted", "StandbyReady");
    }

    @Test
    void unknownFieldsAreDroppedDefaultsSetAndRulesHeld() {
        PodMigration created = client.resource(migration("m")).create();
        assertThat(created.getSpec().getStrategy()).isNotNull();
        client.resource(created).patch(MERGE, "{\"metadata\": {\"labels\": {\"a\": \"b\"}}, \"unknown\": 1}");
        assertThat(client.raw("/apis/lpm.my.domain/v1/namespaces/default/podmigrations/m"))
                .doesNotContain("unknown");
        refused(
                422,
                "podName",
                () -> client.raw(
                        "/apis/lpm.my.domain/v1/namespaces/default/podmigrations",
                        "POST",
                        Map.of(
                                "apiVersion",
                                "lpm.my.domain/v1",
                                "kind",
                                "PodMigration",
                                "metadata",
                                Map.of("name", "n"),
                                "spec",
                                Map.of())));
        refused(
                422,
                "PodMigration.lpm.my.domain \"m\" is invalid",
                () -> client.resource(created).patch(MERGE, "{\"spec\": {\"podName\": \"other\"}}"));
    }

    @Test
    void onlyTheBuiltInKindsAreToldByThePath() {
        client.raw("/api/v1/namespaces/default/configmaps", "POST", Map.of("metadata", Map.of("name", "m")));
        assertThat(client.configMaps().withName("m").get()).isNotNull();
        refused(
                400,
                "Object 'Kind' is missing",
                () -> client.raw(
                        "/apis/lpm.my.domain/v1/namespaces/default/podmigrations",
                        "POST",
                        Map.of("metadata", Map.of("name", "n"), "spec", Map.of("podName", "counter"))));
    }

    @Test
    void aFinalizerKeepsAnObjectUntilItIsTakenAway() {
        ConfigMap map = client.resource(map("m").editMetadata()
                        .withFinalizers("lpm.my.domain/f")
                        .endMetadata()
                        .build())
                .create();
        client.resource(map).delete();
        ConfigMap marked = client.resource(map).get();
        assertThat(marked.getMetadata().getDeletionTimestamp()).isNotBlank();
        refused(
                422,
                "no new finalizers can be added",
                () -> client.resource(map)
                        .patch(MERGE, "{\"metadata\": {\"finalizers\": [\"lpm.my.domain/f\", \"lpm.my.domain/g\"]}}"));
        client.resource(map).patch(MERGE, "{\"metadata\": {\"deletionTimestamp\": null}}");
        assertThat(client.resource(map).get().getMetadata().getDeletionTimestamp())
                .isEqualTo(marked.getMetadata().getDeletionTimestamp());
        client.resource(map).patch(MERGE, "{\"metadata\": {\"finalizers\": []}}");
        assertThat(client.resource(map).get()).isNull();
    }

    @Test
    void aDeletionHoldsToItsPreconditions() throws Exception {
        ConfigMap map = client.resource(map("m").build()).create();
        for (String wrong : List.of("{\"uid\": \"" + ZEROS + "\"}", "{\"resourceVersion\": \"1\"}")) {
            refused(
                    409,
                    "in the precondition",
                    () -> client.raw(
                            "/api/v1/namespaces/default/configmaps/m",
                            "DELETE",
                            Map.of("preconditions", parsed(wrong))));
        }
        client.raw(
                "/api/v1/namespaces/default/configmaps/m",
                "DELETE",
                Map.of(
                        "preconditions",
                        Map.of(
                                "uid",
                                map.getMetadata().getUid(),
                                "resourceVersion",
                                map.getMetadata().getResourceVersion())));
        assertThat(client.resource(map).get()).isNull();
    }

    private static Object parsed(String json) {
        return Json.MAPPER.convertValue(Json.readObject(json.getBytes()), Map.class);
    }

    @Test
    void whatAnObjectOwnsGoesWithItUnlessItIsOrphaned() {
        assumeTrue(server.collectsGarbage(), NO_CONTROLLERS);
        ConfigMap owner = client.resource(map("owner").build()).create();
        ConfigMap another = client.resource(map("another").build()).create();
        client.resource(owned("owned", owner)).create();
        client.resource(owned("shared", owner, another)).create();
        client.resource(owner).delete();
        patiently().until(() -> client.configMaps().withName("owned").get() == null);
        patiently()
                .untilAsserted(() -> assertThat(client.configMaps()
                                .withName("shared")
                                .get()
                                .getMetadata()
                                .getOwnerReferences())
                        .extracting("name")
                        .containsExactly("another"));
        client.resource(another)
                .withPropagationPolicy(DeletionPropagation.ORPHAN)
                .delete();
        patiently()
                .untilAsserted(() -> assertThat(client.configMaps()
                                .withName("shared")
                                .get()
                                .getMetadata()
                                .getOwnerReferences())
                        .isEmpty());

        client.resource(owned("late", owner)).create();
        patiently().until(() -> client.configMaps().withName("late").get() == null);
    }

    private static ConfigMap owned(String name, HasMetadata... owners) {
        ConfigMapBuilder builder = map(name);
        for (HasMetadata owner : owners) {
            builder.editMetadata()
                    .addToOwnerReferences(new OwnerReferenceBuilder()
                            .withApiVersion("v1")
                            .withKind("ConfigMap")
                            .withName(owner.getMetadata().getName())
                            .withUid(owner.getMetadata().getUid())
                            .build())
                    .endMetadata();
        }
        return builder.build();
    }

    @Test
    void aNamespaceTakesItsContentWithIt() {
        assumeTrue(server.collectsGarbage(), NO_CONTROLLERS);
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("shop")
                        .endMetadata()
                        .build())
                .create();
        assertThat(client.namespaces().withName("shop").get().getMetadata().getLabels())
                .containsEntry("kubernetes.io/metadata.name", "shop");
        ConfigMap held = map("held")
                .editMetadata()
                .withNamespace("shop")
                .withFinalizers("lpm.my.domain/f")
                .endMetadata()
                .build();
        client.resource(held).create();
        client.namespaces().withName("shop").delete();
        patiently().until(() -> client.resource(held).get().isMarkedForDeletion());
        refused(
                403,
                "it is being terminated",
                () -> client.resource(map("m").editMetadata()
                                .withNamespace("shop")
                                .endMetadata()
                                .build())
                        .create());
        client.resource(held).patch(MERGE, "{\"metadata\": {\"finalizers\": null}}");
        patiently().until(() -> client.namespaces().withName("shop").get() == null);
    }

    @Test
    void clusterScopedKindsHaveNoNamespace() {
        client.resource(new NodeBuilder()
                        .withNewMetadata()
                        .withName("a")
                        .endMetadata()
                        .withNewSpec()
                        .endSpec()
                        .build())
                .create();
        assertThat(client.nodes().withName("a").get().getMetadata().getNamespace())
                .isNull();
        assertThat(client.nodes().list().getItems()).hasSize(1);
        refused(
                404,
                "could not find the requested resource",
                () -> client.raw("/api/v1/namespaces/default/nodes/a", "DELETE", Map.of()));
    }

    @Test
    void aPodOnANodeIsGoneWhenItsKubeletSaysSo() {
        Pod pod = client.resource(pod("p")).create();
        assertThat(pod.getStatus().getPhase()).isEqualTo("Pending");
        assertThat(pod.getSpec().getTerminationGracePeriodSeconds()).isEqualTo(30);
        bind("p", "a");
        assertThat(client.resource(pod).get().getSpec().getNodeName()).isEqualTo("a");
        refused(409, "pod p is already assigned to node \"a\"", () -> bind("p", "b"));
        refused(
                422,
                "pod updates may not change fields",
                () -> client.resource(pod).patch(MERGE, "{\"spec\": {\"nodeName\": \"b\"}}"));
        client.resource(pod).delete();
        Pod leaving = client.resource(pod).get();
        assertThat(leaving.getMetadata().getDeletionGracePeriodSeconds()).isEqualTo(30);
        client.resource(pod).withGracePeriod(5).delete();
        assertThat(client.resource(pod).get().getMetadata().getDeletionGracePeriodSeconds())
                .isEqualTo(5);
        client.resource(pod).withGracePeriod(0).delete();
        assertThat(client.resource(pod).get()).isNull();

        Pod unscheduled = client.resource(pod("q")).create();
        client.resource(unscheduled).delete();
        assertThat(client.resource(unscheduled).get()).isNull();
    }

    @Test
    void aPodWithASchedulingGateGoesToNoNode() {
        Pod gated = new PodBuilder(pod("g"))
                .editSpec()
                .addNewSchedulingGate("example.com/quota")
                .endSpec()
                .build();
        refused(
                422,
                "cannot be set until all schedulingGates have been cleared",
                () -> client.resource(new PodBuilder(gated)
                                .editSpec()
                                .withNodeName("a")
                                .endSpec()
                                .build())
                        .create());
        Pod created = client.resource(gated).create();
        assertThat(created.getStatus().getConditions())
                .extracting(condition -> condition.getType() + condition.getStatus() + condition.getReason())
                .containsExactly("PodScheduledFalseSchedulingGated");
        refused(409, "non-empty .spec.schedulingGates", () -> bind("g", "a"));
    }

    private void bind(String pod, String node) {
        client.raw(
                "/api/v1/namespaces/default/pods/" + pod + "/binding",
                "POST",
                Map.of(
                        "apiVersion",
                        "v1",
                        "kind",
                        "Binding",
                        "metadata",
                        Map.of("name", pod),
                        "target",
                        Map.of("kind", "Node", "name", node)));
    }

    @Test
    void selectorsChoose() {
        client.resource(pod("p")).create();
        client.resource(pod("q")).create();
        bind("q", "a");
        assertThat(client.pods()
                        .inAnyNamespace()
                        .withField("spec.nodeName", "a")
                        .list()
                        .getItems())
                .extracting(pod -> pod.getMetadata().getName())
                .containsExactly("q");
        assertThat(client.pods().withField("metadata.name", "p").list().getItems())
                .hasSize(1);
        assertThat(client.pods().withLabel("app", "p").list().getItems()).hasSize(1);
        assertThat(client.pods().withLabelIn("app", "p", "q").list().getItems()).hasSize(2);
        assertThat(client.pods().withoutLabel("app", "p").list().getItems()).hasSize(1);
        refused(
                400,
                "field label not supported: spec.hostname",
                () -> client.pods().withField("spec.hostname", "x").list());
    }

    private static final class Seen<T extends HasMetadata> implements Watcher<T> {
        private final Queue<String> events = new ConcurrentLinkedQueue<>();

        @Override
        public void eventReceived(Action action, T object) {
            events.add(action + " " + object.getMetadata().getName());
        }

        @Override
        public void onClose(WatcherException cause) {
            events.add("closed " + cause.getMessage());
        }
    }

    @Test
    void aWatchGoesOnFromWhereTheListEnded() {
        client.resource(map("before").build()).create();
        String listed = client.configMaps().list().getMetadata().getResourceVersion();
        client.resource(map("between").build()).create();
        Seen<ConfigMap> seen = new Seen<>();
        try (Watch watch = client.configMaps().watch(listed, seen)) {
            client.resource(map("between").build()).patch(MERGE, "{\"data\": {\"a\": \"2\"}}");
            client.resource(map("between").build()).delete();
            await().untilAsserted(() ->
                    assertThat(seen.events).containsExactly("ADDED between", "MODIFIED between", "DELETED between"));
        }
    }

    @Test
    void aWatchOfSomePodsSeesThemComeAndGo() {
        Seen<Pod> seen = new Seen<>();
        client.resource(pod("p")).create();
        client.resource(pod("first")).create();
        client.resource(pod("first")).patch(MERGE, "{\"metadata\": {\"labels\": {\"state\": \"on\"}}}");
        try (Watch watch = client.pods().withLabel("state", "on").watch(seen)) {
            // A watch that begins later than this would see nothing of a pod that has come and gone.
            await().untilAsserted(() -> assertThat(seen.events).containsExactly("ADDED first"));
            client.resource(pod("p")).patch(MERGE, "{\"metadata\": {\"labels\": {\"state\": \"on\"}}}");
            client.resource(pod("p")).patch(MERGE, "{\"metadata\": {\"labels\": {\"state\": \"off\"}}}");
            await().untilAsserted(() -> assertThat(seen.events).containsExactly("ADDED first", "ADDED p", "DELETED p"));
        }
    }

    @Test
    void anInformerMissesNothingWhileManyWrite() throws Exception {
        try (SharedIndexInformer<ConfigMap> informer = client.configMaps().inform()) {
            List<Thread> writers = List.of(thread("a"), thread("b"), thread("c"));
            writers.forEach(Thread::start);
            for (Thread writer : writers) {
                writer.join();
            }
            await().until(() -> informer.getStore().list().size() == 60);
            assertThat(informer.getStore().list()).allMatch(map -> map.getData().equals(Map.of("a", "2")));
        }
    }

    private Thread thread(String prefix) {
        return new Thread(() -> {
            for (int index = 0; index < 20; index++) {
                client.resource(map(prefix + index).build()).create();
                client.resource(map(prefix + index).build()).patch(MERGE, "{\"data\": {\"a\": \"2\"}}");
            }
        });
    }

    @Test
    void patchesOfManyAtOnceAreAllKept() throws Exception {
        client.resource(map("m").build()).create();
        List<Thread> writers = List.of(adding("a"), adding("b"), adding("c"));
        writers.forEach(Thread::start);
        for (Thread writer : writers) {
            writer.join();
        }
        assertThat(client.configMaps().withName("m").get().getData()).hasSize(61);
    }

    private Thread adding(String prefix) {
        return new Thread(() -> {
            for (int index = 0; index < 20; index++) {
                client.resource(map("m").build()).patch(MERGE, "{\"data\": {\"" + prefix + "-" + index + "\": \"1\"}}");
            }
        });
    }

    @Test
    void aLeaseHasOneHolder() {
        AtomicReference<String> leader = new AtomicReference<>("");
        LeaderElector first = elector("first", leader::set);
        LeaderElector second = elector("second", leader::set);
        var running = first.start();
        await().untilAsserted(() -> assertThat(leader.get()).isEqualTo("first"));
        var waiting = second.start();
        assertThat(client.leases()
                        .inNamespace("default")
                        .withName("leader")
                        .get()
                        .getSpec()
                        .getHolderIdentity())
                .isEqualTo("first");
        running.cancel(true);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(leader.get()).isEqualTo("second"));
        waiting.cancel(true);
    }

    private LeaderElector elector(String identity, Consumer<String> leads) {
        return client.leaderElector()
                .withConfig(new LeaderElectionConfigBuilder()
                        .withName("leader")
                        .withLeaseDuration(Duration.ofSeconds(3))
                        .withRenewDeadline(Duration.ofSeconds(2))
                        .withRetryPeriod(Duration.ofMillis(200))
                        .withReleaseOnCancel(true)
                        .withLock(new LeaseLock("default", "leader", identity))
                        .withLeaderCallbacks(new LeaderCallbacks(() -> leads.accept(identity), () -> {}, now -> {}))
                        .build())
                .build();
    }

    @Test
    void aTableHasTheColumnsOfTheCrd() {
        client.resource(migration("m")).create();
        assertThat(Tables.of(
                                ResourceKind.of(Json.MAPPER.valueToTree(client.apiextensions()
                                        .v1()
                                        .customResourceDefinitions()
                                        .withName("podmigrations.lpm.my.domain")
                                        .get())),
                                "1",
                                List.of(Json.MAPPER.valueToTree(
                                        client.resource(migration("m")).get())),
                                true,
                                InstantSource.system().instant())
                        .at("/columnDefinitions"))
                .extracting(column -> column.get("name").asText())
                .containsExactly("Name", "Phase", "Pod", "Source", "Target", "Downtime-ms", "Age", "Copy", "Reason");
    }
}
