package domain.my.lpm.sandbox;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the arrows between the modules; see docs/how-it-works.md. */
class ArchitectureTest {
    private static final String BASE = "domain.my.lpm.";

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("domain.my.lpm");

    @ParameterizedTest
    @ValueSource(strings = {"agent.hold", "agent.protocol", "api", "checkpoint", "launcher", "webhook", "sandbox"})
    void everyModuleIsLookedAt(String module) {
        assertThat(PRODUCT).anyMatch(type -> type.getPackageName().startsWith(BASE + module));
    }

    @Test
    void theCheckpointOnDiskKnowsNoneOfTheOthers() {
        noClasses()
                .that()
                .resideInAPackage(BASE + "checkpoint..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others("checkpoint"))
                .check(PRODUCT);
    }

    @Test
    void theLauncherKnowsTheCheckpointAlone() {
        noClasses()
                .that()
                .resideInAPackage(BASE + "launcher..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others("launcher", "checkpoint", "api"))
                .check(PRODUCT);
    }

    @Test
    void theLauncherAndTheCheckpointStayFreeOfKubernetesAndRemoteCalls() {
        noClasses()
                .that()
                .resideInAnyPackage(BASE + "launcher..", BASE + "checkpoint..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.fabric8..", "io.grpc..", "io.javaoperatorsdk..")
                .check(PRODUCT);
    }

    @Test
    void theWebhookKnowsTheApiAlone() {
        noClasses()
                .that()
                .resideInAPackage(BASE + "webhook..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others("webhook", "api"))
                .check(PRODUCT);
    }

    @Test
    void theApiKnowsNobody() {
        noClasses()
                .that()
                .resideInAPackage(BASE + "api..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others("api"))
                .check(PRODUCT);
    }

    @Test
    void theProtocolOfTheAgentKnowsNobody() {
        noClasses()
                .that()
                .resideInAPackage(BASE + "agent.protocol..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others())
                .check(PRODUCT);
    }

    @Test
    void theAgentKnowsTheLauncherTheCheckpointAndTheApi() {
        noClasses()
                .that()
                .resideInAPackage(BASE + "agent..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others("launcher", "checkpoint", "api"))
                .check(PRODUCT);
    }

    @Test
    void onlyTheSandboxKnowsTheAgent() {
        noClasses()
                .that()
                .resideInAnyPackage(others("sandbox"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(BASE + "agent.hold..", BASE + "agent.node..", BASE + "agent.server..")
                .check(PRODUCT);
    }

    /** The launcher has its package; the checkpoint's one class opens files without following links, which Java cannot. */
    @Test
    void onlyTheBoundaryCallsTheKernel() {
        noClasses()
                .that()
                .resideInAPackage("domain.my.lpm..")
                .and()
                .resideOutsideOfPackage(BASE + "launcher.linux..")
                .and()
                .haveNameNotMatching(".*\\.checkpoint\\.archive\\.Posix(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.sun.jna..", "jnr.posix..")
                .check(PRODUCT);
    }

    @Test
    void packagesFormNoCycles() {
        slices().matching(BASE + "(*).(*)..").should().beFreeOfCycles().check(PRODUCT);
    }

    private static String[] others(String... known) {
        List<String> allowed = List.of(known);
        return List.of("api", "checkpoint", "launcher", "webhook", "sandbox", "bench").stream()
                .filter(module -> !allowed.contains(module))
                .map(module -> BASE + module + "..")
                .toArray(String[]::new);
    }
}
