package domain.my.lpm.controller;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.controller.migration.MigrationObserver;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.function.IntSupplier;

/** The figures of migrations; docs/controller.md lists them. */
final class Metrics implements MigrationObserver {
    private final MeterRegistry registry;
    private final Timer downtime;
    private final DistributionSummary stored;

    Metrics(MeterRegistry registry) {
        this.registry = registry;
        downtime = Timer.builder("lpm.migration.downtime")
                .description("How long applications stood still")
                .serviceLevelObjectives(
                        Duration.ofMillis(100),
                        Duration.ofMillis(200),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(30),
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(5))
                .register(registry);
        stored = DistributionSummary.builder("lpm.checkpoint.stored")
                .baseUnit("bytes")
                .description("What checkpoints of containers take on storage")
                .register(registry);
    }

    /** Figures of the present. */
    void gauges(IntSupplier underWay, IntSupplier queued, IntSupplier calls) {
        gauge("lpm.migrations.under.way", "Migrations that have left the queue and are not over", underWay);
        gauge("lpm.migrations.queued", "Migrations that wait for earlier ones", queued);
        gauge("lpm.agent.calls.in.flight", "Calls of agents without an answer yet", calls);
    }

    private void gauge(String name, String description, IntSupplier value) {
        Gauge.builder(name, value, IntSupplier::getAsInt)
                .description(description)
                .strongReference(true)
                .register(registry);
    }

    @Override
    public void left(MigrationPhase phase, Duration after) {
        Timer.builder("lpm.migration.phase")
                .description("How long migrations were in a phase")
                .tag("phase", phase.value())
                .serviceLevelObjectives(
                        Duration.ofMillis(10),
                        Duration.ofMillis(100),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(10),
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(10))
                .register(registry)
                .record(after);
    }

    @Override
    public void ended(MigrationPhase phase, String reason) {
        registry.counter("lpm.migrations.ended", "phase", phase.value(), "reason", reason)
                .increment();
    }

    @Override
    public void downtime(Duration duration) {
        downtime.record(duration);
    }

    @Override
    public void stored(long bytes) {
        stored.record(bytes);
    }
}
