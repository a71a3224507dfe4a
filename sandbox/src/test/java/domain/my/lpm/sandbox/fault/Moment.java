package domain.my.lpm.sandbox.fault;

import domain.my.lpm.sandbox.fault.Announcements.Side;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * One side of one step.
 *
 * @param role who does it
 * @param step the name of the constant in its list of steps; of CRIU: {@code dump} or {@code restore}, and the stage, at which
 *     it is {@code BEFORE}
 */
record Moment(Role role, Side side, String step) {
    /** What can go wrong there. */
    Set<Fault> faults() {
        return switch (role) {
            case CONTROLLER -> ofController(domain.my.lpm.controller.step.Step.valueOf(step));
            case SOURCE_AGENT, TARGET_AGENT -> ofAgent(domain.my.lpm.agent.step.Step.valueOf(step));
            case CRIU -> EnumSet.of(Fault.KILLED, Fault.HANGS, Fault.LAUNCHER_KILLED, Fault.LAUNCHER_HANGS);
        };
    }

    private Set<Fault> ofController(domain.my.lpm.controller.step.Step known) {
        Set<Fault> faults = EnumSet.of(Fault.KILLED, Fault.HANGS, Fault.CUT_OFF);
        boolean writes = switch (known) {
            case RECORD_QUEUED,
                    RECORD_ACCEPTED,
                    CREATE_TARGET_POD,
                    RECORD_TARGET_POD,
                    RECORD_CHECKPOINTING,
                    CREATE_POD_CHECKPOINT,
                    RECORD_CHECKPOINTED,
                    RECORD_TRANSFERRING,
                    RECORD_RESTORING,
                    RECORD_COMMIT,
                    RECORD_RUNNING,
                    DELETE_SOURCE_POD,
                    RECORD_SUCCEEDED,
                    RECORD_ROLLING_BACK,
                    DELETE_TARGET_POD,
                    RECORD_ROLLED_BACK,
                    RECORD_FAILED,
                    DELETE_MIGRATION,
                    RECORD_CHECKPOINT_RUNNING,
                    CREATE_CONTAINER_CHECKPOINT,
                    CREATE_CONTENT,
                    RECORD_CHECKPOINT_END,
                    RELEASE_CONTENT -> true;
            case PREPARE,
                    CHECKPOINT,
                    SYNC_CHECKPOINT,
                    RENEW_HOLD,
                    CONVERT,
                    RESTORE,
                    RUN,
                    FENCE,
                    WITHDRAW,
                    RESUME,
                    DELETE_CHECKPOINT -> false;
        };
        if (writes && side == Side.BEFORE) {
            faults.add(Fault.API_GONE);
            faults.add(Fault.ANSWER_LOST);
        }
        return faults;
    }

    private Set<Fault> ofAgent(domain.my.lpm.agent.step.Step known) {
        Set<Fault> faults = EnumSet.of(Fault.KILLED, Fault.HANGS, Fault.CUT_OFF);
        faults.addAll(
                switch (known) {
                    case RECORD_CHECKPOINT,
                            RECORD_HOLD,
                            CONFIGURE_CRIU,
                            CALL_KUBELET,
                            PUT_BACK_CRIU_CONFIGURATION,
                            RESUME,
                            START_ANEW,
                            FENCE,
                            WRITE_NODE,
                            IMPORT_IMAGE -> Set.of();
                    case RUN_CHECKPOINT_LAUNCHER, STORE_ARCHIVE, STORE_VOLUME, COMPLETE_CHECKPOINT, EXTRACT_IMAGES ->
                        before(Set.of(Fault.SHARE_READ_ONLY, Fault.SHARE_FULL));
                    case REMOVE_CHECKPOINT, DELETE_CHECKPOINT -> before(Set.of(Fault.SHARE_READ_ONLY));
                    case START_LAUNCHER ->
                        side == Side.AFTER ? Set.of(Fault.LAUNCHER_KILLED, Fault.LAUNCHER_HANGS) : Set.<Fault>of();
                    case RELEASE -> Set.of(Fault.LAUNCHER_KILLED, Fault.LAUNCHER_HANGS, Fault.SHARE_READ_ONLY);
                    case SAY_RUN, SAY_FRESH, SAY_STOP -> before(Set.of(Fault.LAUNCHER_KILLED, Fault.LAUNCHER_HANGS));
                    case FORBID_COMMIT -> before(Set.of(Fault.API_GONE, Fault.ANSWER_LOST));
                });
        return faults;
    }

    private Set<Fault> before(Set<Fault> faults) {
        return side == Side.BEFORE ? faults : Set.of();
    }

    @Override
    public String toString() {
        return role == Role.CRIU
                ? role + " at " + step
                : role + " " + side.name().toLowerCase(Locale.ROOT) + " " + step;
    }
}
