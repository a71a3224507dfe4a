package domain.my.lpm.sandbox.fault;

import domain.my.lpm.controller.Controller;
import domain.my.lpm.controller.Settings;
import domain.my.lpm.controller.agent.AgentTls;
import domain.my.lpm.controller.agent.GrpcAgentClients;
import domain.my.lpm.controller.step.Step;
import domain.my.lpm.controller.step.StepListener;
import domain.my.lpm.sandbox.cluster.Certificates;
import domain.my.lpm.sandbox.fault.Announcements.Side;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;

/** The production controller, announcing its steps: URL of the API, directory of certificates, lease in seconds. */
final class ControllerMain {
    private ControllerMain() {}

    public static void main(String[] arguments) throws Exception {
        Announcements announcements = new Announcements();
        Settings defaults = Settings.defaults();
        Settings settings = new Settings(
                defaults.migrationsInCluster(),
                defaults.migrationsOutOfNode(),
                Duration.ofSeconds(Long.parseLong(arguments[2])),
                defaults.checkpointTimeout(),
                defaults.reconcileThreads(),
                defaults.stopTimeout(),
                defaults.leaderElection());
        Path certificates = Path.of(arguments[1]);
        AgentTls tls = new AgentTls(certificates, Duration.ofMinutes(1));
        Controller.start(
                ApiAccess.client(arguments[0], certificates),
                settings,
                GrpcAgentClients.over(tls.credentials(), Certificates.AGENT),
                new SimpleMeterRegistry(),
                InstantSource.system(),
                new StepListener() {
                    @Override
                    public void before(Step step) {
                        announcements.announce(Side.BEFORE, step);
                    }

                    @Override
                    public void after(Step step) {
                        announcements.announce(Side.AFTER, step);
                    }
                });
        announcements.port(0);
        Thread.sleep(Long.MAX_VALUE);
    }
}
