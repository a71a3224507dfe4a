package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.CoreEntry;
import domain.my.lpm.checkpoint.image.proto.TaskCoreEntry;
import domain.my.lpm.checkpoint.image.proto.ThreadCoreEntry;
import org.jspecify.annotations.Nullable;

/**
 * What core-&lt;id&gt;.img says of one thread, and of the process where the thread is its first.
 *
 * @param id the thread's id
 * @param architecture the machine the registers belong to
 * @param process what belongs to the whole process; null for a thread other than the first
 * @param name the thread's name; null if the dump has none
 * @param credentials what CRIU makes the thread be and be able to do; null for a zombie, and in dumps of very old CRIUs
 * @param seccomp whether the dump gives the thread a system call filter of its own
 * @param filter the number of that filter in the dump, 0 where there is none
 * @param ids the kernel objects, where this file carries them
 * @param blockedSignals one bit for each blocked signal, signal 1 in the lowest
 * @param pendingSignals how many signals wait for this thread alone
 */
public record TaskCore(
        int id,
        Architecture architecture,
        @Nullable ProcessState process,
        @Nullable String name,
        @Nullable Credentials credentials,
        Seccomp seccomp,
        int filter,
        @Nullable ObjectIds ids,
        long blockedSignals,
        int pendingSignals) {

    /** The machines CRIU knows. */
    public enum Architecture {
        UNKNOWN,
        X86_64,
        ARM,
        AARCH64,
        PPC64,
        S390,
        MIPS,
        LOONGARCH64,
        RISCV64;

        static Architecture of(int number) {
            return switch (number) {
                case 1 -> X86_64;
                case 2 -> ARM;
                case 3 -> AARCH64;
                case 4 -> PPC64;
                case 5 -> S390;
                case 6 -> MIPS;
                case 7 -> LOONGARCH64;
                case 8 -> RISCV64;
                default -> UNKNOWN;
            };
        }
    }

    /** The SECCOMP_MODE_* of Linux. */
    public enum Seccomp {
        DISABLED,
        STRICT,
        FILTER,
        UNKNOWN;

        static Seccomp of(int number) {
            return switch (number) {
                case 0 -> DISABLED;
                case 1 -> STRICT;
                case 2 -> FILTER;
                default -> UNKNOWN;
            };
        }
    }

    /** Whether a process ran, stood still or had ended; numbers of compel's task-state.h. */
    public enum State {
        ALIVE,
        STOPPED,
        DEAD,
        ZOMBIE,
        UNKNOWN
    }

    /**
     * What belongs to a process as a whole.
     *
     * @param exitCode the wait status of a process that had ended
     * @param pendingSignals how many signals wait for the process
     * @param stopSignal the signal that stopped it, 0 if none is recorded
     */
    public record ProcessState(State state, long exitCode, int pendingSignals, long stopSignal) {
        /** Whether the process had ended and only waits for its parent. */
        public boolean hasEnded() {
            return state == State.ZOMBIE || state == State.DEAD;
        }
    }

    static TaskCore of(int id, CoreEntry entry, String fileName) {
        TaskCoreEntry task = entry.getTc();
        ThreadCoreEntry thread = entry.getThreadCore();
        return new TaskCore(
                id,
                Architecture.of(entry.getMtype()),
                entry.hasTc() ? processState(task) : null,
                thread.hasComm() ? thread.getComm() : entry.hasTc() ? task.getComm() : null,
                thread.hasCreds() ? Credentials.of(thread.getCreds(), fileName) : null,
                Seccomp.of(thread.hasSeccompMode() ? thread.getSeccompMode() : task.getOldSeccompMode()),
                thread.getSeccompFilter(),
                entry.hasIds() ? ObjectIds.of(entry.getIds()) : null,
                thread.hasBlkSigset() ? thread.getBlkSigset() : task.getBlkSigset(),
                thread.getSignalsP().getSignalsCount());
    }

    private static ProcessState processState(TaskCoreEntry task) {
        return new ProcessState(
                switch (task.getTaskState()) {
                    case 1 -> State.ALIVE;
                    case 2 -> State.DEAD;
                    case 3 -> State.STOPPED;
                    case 6 -> State.ZOMBIE;
                    default -> State.UNKNOWN;
                },
                Integer.toUnsignedLong(task.getExitCode()),
                task.getSignalsS().getSignalsCount(),
                Integer.toUnsignedLong(task.getStopSigno()));
    }
}
