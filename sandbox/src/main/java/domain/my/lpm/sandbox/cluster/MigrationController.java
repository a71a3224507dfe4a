package domain.my.lpm.sandbox.cluster;

import domain.my.lpm.controller.Controller;
import domain.my.lpm.controller.Settings;
import domain.my.lpm.controller.agent.AgentTls;
import domain.my.lpm.controller.agent.GrpcAgentClients;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The production controller. */
public final class MigrationController implements Component {
    private final KubernetesClient client;
    private final Path certificates;
    private @Nullable AgentTls tls;
    private @Nullable GrpcAgentClients agents;
    private @Nullable Controller controller;

    /**
     * Nothing happens before {@link #start}.
     *
     * @param client of the API; not closed with the controller
     * @param certificates a directory with its own, see {@link Certificates}
     */
    public MigrationController(KubernetesClient client, Path certificates) {
        this.client = client;
        this.certificates = certificates;
    }

    @Override
    public void start() {
        try {
            tls = new AgentTls(certificates, Duration.ofMinutes(1));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        agents = GrpcAgentClients.over(tls.credentials(), Certificates.AGENT);
        controller = Controller.start(client, Settings.defaults(), agents);
    }

    @Override
    public void close() {
        if (controller != null) {
            controller.close();
        }
        if (agents != null) {
            agents.close();
        }
        if (tls != null) {
            tls.close();
        }
    }
}
