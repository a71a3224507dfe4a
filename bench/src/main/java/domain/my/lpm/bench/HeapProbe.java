package domain.my.lpm.bench;

import domain.my.lpm.controller.Controller;
import domain.my.lpm.controller.Settings;
import domain.my.lpm.controller.agent.AgentClient;
import domain.my.lpm.controller.agent.AgentClients;
import domain.my.lpm.controller.step.StepListener;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;

/** A controller in a JVM of its own, which says how much heap it keeps once it has looked at all there is. */
public final class HeapProbe {
    /** How long nothing may have been reconciled until all is taken for looked at. */
    private static final Duration QUIET = Duration.ofSeconds(5);

    private HeapProbe() {}

    /**
     * Prints the bytes of heap that are in use after a collection, how many of it were in use at most, and how often something was
     * reconciled.
     *
     * @param arguments a kubeconfig
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        Config config = Config.fromKubeconfig(Path.of(arguments[0]).toFile());
        KubernetesClient client =
                new KubernetesClientBuilder().withConfig(config).build();
        Controller controller = Controller.start(
                client,
                Settings.defaults(),
                new AgentClients() {
                    @Override
                    public AgentClient at(String endpoint) {
                        throw new IllegalStateException("nothing is to be asked of the agent at " + endpoint);
                    }

                    @Override
                    public void close() {}
                },
                registry,
                InstantSource.system(),
                StepListener.NONE);
        double seen = -1;
        for (double now = reconciliations(registry); now != seen; now = reconciliations(registry)) {
            seen = now;
            Thread.sleep(QUIET.toMillis());
        }
        long most = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(usage -> usage.getUsed())
                .sum();
        System.gc();
        long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        System.out.println(used + " " + most + " " + (long) seen);
        controller.close();
        client.close();
        System.exit(0);
    }

    private static double reconciliations(SimpleMeterRegistry registry) {
        return registry.find("operator.sdk.reconciliations.started").counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }
}
