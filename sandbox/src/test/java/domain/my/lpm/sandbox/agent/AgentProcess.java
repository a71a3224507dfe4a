package domain.my.lpm.sandbox.agent;

import domain.my.lpm.agent.Agent;
import domain.my.lpm.agent.AgentEdges;
import domain.my.lpm.agent.AgentSettings;
import domain.my.lpm.agent.ImageImport;
import domain.my.lpm.agent.hold.LauncherHeldProcesses;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.sandbox.migration.AgentKey;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;

/** An agent of a sandbox node, in this JVM or one of its own. */
public final class AgentProcess {
    /** The name in the certificate of the only one who may call. */
    static final String CONTROLLER = "controller.lpm";

    private AgentProcess() {}

    /**
     * Runs an agent until it is killed: node's name, its first process, directory of the API, directory of certificates, and
     * the step before which it ends at once, or {@code -}. Prints its port.
     */
    public static void main(String[] arguments) throws InterruptedException {
        Agent agent = start(
                arguments[0],
                Integer.parseInt(arguments[1]),
                new FileApi(Path.of(arguments[2])),
                Path.of(arguments[3]),
                dyingAt(arguments[4]));
        System.out.println("port " + agent.port());
        System.out.flush();
        Thread.sleep(Long.MAX_VALUE);
    }

    private static StepListener dyingAt(String step) {
        return new StepListener() {
            @Override
            public void before(Step reached) {
                die("before " + reached);
            }

            @Override
            public void after(Step reached) {
                die("after " + reached);
            }

            private void die(String reached) {
                if (reached.equals(step)) {
                    // Not even finally blocks run, as with kill -9.
                    Runtime.getRuntime().halt(137);
                }
            }
        };
    }

    static Agent start(String node, int pid, FileApi api, Path certificates, StepListener steps) {
        NodeLaunchers launchers = new NodeLaunchers(pid);
        AgentSettings settings = new AgentSettings(
                node,
                "127.0.0.1",
                0,
                "",
                new AgentSettings.Tls(
                        certificates.resolve(node + ".pem"),
                        certificates.resolve(node + ".key"),
                        certificates.resolve("ca.pem"),
                        Set.of(CONTROLLER),
                        Duration.ofSeconds(1)),
                new Places(
                        Path.of("/work/launchers"),
                        Path.of("/repository"),
                        Path.of("/staging"),
                        Path.of(AgentKey.TRUSTED_KEYS),
                        Path.of(AgentKey.SIGNING_KEY)),
                Path.of("/work/agent"),
                Duration.ofSeconds(20),
                Duration.ofMillis(500),
                Duration.ofMinutes(5),
                new ImageImport.None(),
                Path.of("/usr/sbin/criu"));
        return Agent.start(
                settings,
                new AgentEdges(
                        launchers,
                        api,
                        api,
                        Optional.empty(),
                        new LauncherHeldProcesses(launchers, steps),
                        InstantSource.system(),
                        steps));
    }
}
