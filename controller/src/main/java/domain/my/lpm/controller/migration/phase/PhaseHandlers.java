package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationPhase;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The handlers, by phase. */
public final class PhaseHandlers {
    private final Map<MigrationPhase, PhaseHandler> handlers = new EnumMap<>(MigrationPhase.class);

    /** All of them. */
    public PhaseHandlers() {
        Map<RestoreMode, RestoreProcedure> procedures = new EnumMap<>(RestoreMode.class);
        for (RestoreProcedure procedure : List.of(new SelfRestore(), new RuntimeRestore())) {
            procedures.put(procedure.mode(), procedure);
        }
        for (PhaseHandler handler : List.of(
                new Pending(procedures),
                new CheckpointInProgress(procedures),
                new CheckpointCompleted(),
                new MigrationInProgress(procedures),
                new RestoreInProgress(procedures),
                new RollingBack(),
                new Finished())) {
            handler.phases().forEach(phase -> handlers.put(phase, handler));
        }
    }

    /** The handler of {@code phase}. */
    public PhaseHandler of(MigrationPhase phase) {
        PhaseHandler handler = handlers.get(phase);
        if (handler == null) {
            throw new IllegalStateException("nothing handles the phase " + phase.value());
        }
        return handler;
    }
}
