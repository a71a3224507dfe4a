package domain.my.lpm.controller.migration;

import domain.my.lpm.controller.agent.AgentCalls;
import domain.my.lpm.controller.step.StepListener;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Consumer;

/**
 * What all migrations of this controller share.
 *
 * @param holdLease after which a source goes on by itself when nobody renews its hold
 * @param wake sees to it that a migration is looked at
 */
public record Protocol(
        Cluster cluster,
        AgentCalls agents,
        MigrationQueue queue,
        Duration holdLease,
        InstantSource clock,
        StepListener steps,
        MigrationObserver observer,
        Consumer<ResourceID> wake) {}
