package domain.my.lpm.agent.hold;

import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PhaseTransition;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commits of PodMigrations, recorded in their status. */
public final class ApiCommits implements Commits {
    private static final Logger LOG = LoggerFactory.getLogger(ApiCommits.class);
    private static final int CONFLICT = 409;
    private static final int ATTEMPTS = 5;

    private final KubernetesClient client;
    private final InstantSource clock;
    private final StepListener steps;

    /** The caller closes the client. */
    public ApiCommits(KubernetesClient client, InstantSource clock, StepListener steps) {
        this.client = client;
        this.clock = clock;
        this.steps = steps;
    }

    @Override
    public Verdict forbid(Hold hold) {
        Resource<PodMigration> resource = resource(hold);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                PodMigration migration = resource.get();
                if (migration == null
                        || !hold.migrationUid().equals(migration.getMetadata().getUid())) {
                    return Verdict.FORBIDDEN;
                }
                PodMigrationStatus status =
                        migration.getStatus() == null ? new PodMigrationStatus() : migration.getStatus();
                MigrationPhase phase = status.getPhase() == null ? MigrationPhase.PENDING : status.getPhase();
                if (status.getCommitTime() != null || phase == MigrationPhase.SUCCEEDED) {
                    return Verdict.COMMITTED;
                }
                if (phase == MigrationPhase.ROLLING_BACK || phase.isFinal()) {
                    return Verdict.FORBIDDEN;
                }
                migration.setStatus(forbidden(status));
                // With the version that was read: a commit that came between makes it fail.
                steps.during(
                        Step.FORBID_COMMIT, () -> client.resource(migration).updateStatus());
                return Verdict.FORBIDDEN;
            } catch (KubernetesClientException problem) {
                if (problem.getCode() != CONFLICT) {
                    LOG.warn(
                            "the API server did not answer for the migration {}: {}",
                            hold.migration(),
                            problem.getMessage());
                    return Verdict.UNKNOWN;
                }
            }
        }
        return Verdict.UNKNOWN;
    }

    @Override
    public boolean isOver(Hold hold) {
        return phase(hold).map(MigrationPhase::isFinal).orElse(true);
    }

    @Override
    public boolean mayHold(Hold hold) {
        return phase(hold)
                .filter(phase -> !phase.isFinal() && phase != MigrationPhase.ROLLING_BACK)
                .isPresent();
    }

    /** Where the migration of a hold stands, at its beginning while the API is silent; empty where it is gone. */
    private Optional<MigrationPhase> phase(Hold hold) {
        try {
            return Optional.ofNullable(resource(hold).get())
                    .filter(migration ->
                            hold.migrationUid().equals(migration.getMetadata().getUid()))
                    .map(migration -> Optional.ofNullable(migration.getStatus())
                            .map(PodMigrationStatus::getPhase)
                            .orElse(MigrationPhase.PENDING));
        } catch (KubernetesClientException noAnswer) {
            return Optional.of(MigrationPhase.PENDING);
        }
    }

    private Resource<PodMigration> resource(Hold hold) {
        int slash = hold.migration().indexOf('/');
        return client.resources(PodMigration.class)
                .inNamespace(hold.migration().substring(0, slash))
                .withName(hold.migration().substring(slash + 1));
    }

    private PodMigrationStatus forbidden(PodMigrationStatus status) {
        status.setPhase(MigrationPhase.ROLLING_BACK);
        status.setReason(Reasons.HOLD_LAPSED);
        status.setMessage(
                "the lease on the held source ran out, as nobody renewed it; the source goes on, see whether the"
                        + " controller runs and migrate again");
        List<PhaseTransition> transitions = new ArrayList<>(status.getPhaseTransitions());
        transitions.add(PhaseTransition.at(MigrationPhase.ROLLING_BACK, clock.instant()));
        status.setPhaseTransitions(transitions);
        return status;
    }
}
