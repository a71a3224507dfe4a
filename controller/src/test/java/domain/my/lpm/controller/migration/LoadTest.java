package domain.my.lpm.controller.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.apiserver.OnEveryApiServer;
import domain.my.lpm.controller.fake.FakeCluster;
import io.micrometer.core.instrument.Counter;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@OnEveryApiServer(slow = true)
class LoadTest {
    private static final int MIGRATIONS = 200;
    private static final int MOST_RECONCILES = 30;

    private final FakeCluster cluster;

    LoadTest(ApiServerKind kind) {
        cluster = new FakeCluster(kind, "a", "b", "c");
    }

    @AfterEach
    void end() {
        cluster.close();
        assertThat(cluster.world().violations()).isEmpty();
    }

    @Test
    void twoHundredMigrationsQueueAndFinish() {
        for (int i = 0; i < MIGRATIONS; i++) {
            cluster.pod("counter-" + i, i % 2 == 0 ? "a" : "b");
        }
        for (int i = 0; i < MIGRATIONS; i++) {
            cluster.migrate("move-" + i, "counter-" + i, "c");
        }
        int writes = cluster.api().writes();
        long began = cpuMillis();

        cluster.startController();
        Awaitility.await("all are over")
                .atMost(Duration.ofMinutes(5))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> migrations().stream()
                        .allMatch(migration -> migration.getStatus() != null
                                && migration.getStatus().getPhase() != null
                                && migration.getStatus().getPhase().isFinal()));

        assertThat(migrations())
                .allSatisfy(migration -> assertThat(migration.getStatus().getPhase())
                        .as(migration.getStatus().getMessage())
                        .isEqualTo(MigrationPhase.SUCCEEDED));
        double reconciles = cluster.registry().find("operator.sdk.reconciliations.started").counters().stream()
                .filter(counter -> String.valueOf(counter.getId().getTags()).contains("PodMigration"))
                .mapToDouble(Counter::count)
                .sum();
        System.out.printf(
                "%d migrations: %.1f reconciles of the PodMigration, %.1f writes of the API server each; %d ms of CPU each,"
                        + " of all of this process, API server and agents included%n",
                MIGRATIONS,
                reconciles / MIGRATIONS,
                (double) (cluster.api().writes() - writes) / MIGRATIONS,
                (cpuMillis() - began) / MIGRATIONS);
        assertThat(reconciles / MIGRATIONS).isPositive().isLessThan(MOST_RECONCILES);
    }

    private List<PodMigration> migrations() {
        return cluster.client()
                .resources(PodMigration.class)
                .inNamespace(FakeCluster.NAMESPACE)
                .list()
                .getItems();
    }

    private static long cpuMillis() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                        .getProcessCpuTime()
                / 1_000_000;
    }
}
