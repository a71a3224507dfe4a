package domain.my.lpm.e2e;

import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.SourcePod;
import domain.my.lpm.api.migration.TargetPod;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Whether what migrations say of themselves is so, by the pods there are and by what the applications wrote. */
final class Truth {
    private final List<Pod> pods;
    private final List<Tick> ticks;

    /** All of a namespace. */
    Truth(List<Pod> pods, List<Tick> ticks) {
        this.pods = pods;
        this.ticks = ticks;
    }

    /** What a migration says that is not so; empty when all is. */
    List<String> untrue(PodMigration migration) {
        List<String> untrue = new ArrayList<>();
        PodMigrationStatus status = migration.getStatus();
        MigrationPhase phase = status == null ? null : status.getPhase();
        if (status == null || phase == null || !phase.isFinal()) {
            untrue.add("is in " + (phase == null ? "no phase" : phase.value()) + " and has not ended");
        } else {
            switch (phase) {
                case SUCCEEDED -> succeeded(status, untrue);
                case ROLLED_BACK, FAILED -> notMoved(status, untrue);
                case PENDING,
                        CHECKPOINT_IN_PROGRESS,
                        CHECKPOINT_COMPLETED,
                        MIGRATION_IN_PROGRESS,
                        RESTORE_IN_PROGRESS,
                        ROLLING_BACK -> throw new IllegalStateException(phase + " is not final");
            }
        }
        return untrue.stream()
                .map(each -> migration.getMetadata().getName() + " " + each)
                .toList();
    }

    private void succeeded(PodMigrationStatus status, List<String> untrue) {
        SourcePod source = status.getSourcePod();
        TargetPod target = status.getTargetPod();
        if (source == null || target == null) {
            untrue.add("succeeded without a source or a copy");
            return;
        }
        if (pods.stream().anyMatch(pod -> pod.getMetadata().getUid().equals(source.uid()))) {
            untrue.add("succeeded, and the source is still there");
        }
        List<Tick> before =
                ticks.stream().filter(tick -> tick.uid().equals(source.uid())).toList();
        List<Tick> after =
                ticks.stream().filter(tick -> tick.uid().equals(target.uid())).toList();
        if (Conditions.isTrue(status.getConditions(), "Restored") && !before.isEmpty()) {
            if (after.isEmpty()) {
                untrue.add("succeeded, and the copy has done nothing");
            } else if (!after.get(0).nonce().equals(before.get(0).nonce())) {
                untrue.add("says that the copy was restored, and it began anew");
            }
        }
        if (target.node() != null
                && after.stream().anyMatch(tick -> !tick.node().equals(target.node()))) {
            untrue.add("says that the copy is on " + target.node() + ", and it is not");
        }
    }

    private void notMoved(PodMigrationStatus status, List<String> untrue) {
        TargetPod target = status.getTargetPod();
        SourcePod source = status.getSourcePod();
        if (target != null && target.uid() != null) {
            if (pods.stream().anyMatch(pod -> pod.getMetadata().getUid().equals(target.uid()))) {
                untrue.add("did not move the pod, and the copy is still there");
            }
            if (ticks.stream().anyMatch(tick -> tick.uid().equals(target.uid()))) {
                untrue.add("did not move the pod, and the copy has run");
            }
        }
        if (source != null
                && pods.stream().anyMatch(pod -> pod.getMetadata().getUid().equals(source.uid()))) {
            Instant ended = status.getPhaseTransitions()
                    .get(status.getPhaseTransitions().size() - 1)
                    .instant();
            boolean ticks = this.ticks.stream().anyMatch(tick -> tick.uid().equals(source.uid()));
            if (ticks
                    && this.ticks.stream()
                            .noneMatch(tick -> tick.uid().equals(source.uid())
                                    && tick.time().isAfter(ended))) {
                untrue.add("did not move the pod, and the source has stood still since");
            }
        }
    }
}
