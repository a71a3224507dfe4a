package domain.my.lpm.agent.hold;

import domain.my.lpm.agent.hold.Hold.HeldContainer;
import domain.my.lpm.launcher.checkpoint.ApplicationTree;
import domain.my.lpm.launcher.linux.Processes;

/** The processes of a held container, to inject faults in tests. */
public interface HeldProcesses {
    /** Lets them go on where they were stopped; those that run, or have ended, are left alone. */
    void resume(HeldContainer container);

    /**
     * Kills them while they are stopped; done already where they have ended.
     *
     * @return how many were killed
     * @throws IllegalStateException if one of them runs; none is killed then
     */
    int fence(HeldContainer container);

    /**
     * Looks whether a container stands still; one that has ended does.
     *
     * @throws IllegalStateException if a process of it runs
     */
    default void requireStill(HeldContainer container) {
        if (isThere(container)) {
            ApplicationTree.of(container.pid()).requireStopped();
        }
    }

    /**
     * Whether a container has ended, or its kubelet has begun to end it. One that is killed before that is started anew by its
     * kubelet, from the beginning.
     */
    default boolean isEnding(HeldContainer container) {
        return !isThere(container) || ApplicationTree.of(container.pid()).isToldToEnd();
    }

    /** Whether a container is still the one that was held: its first process lives. */
    static boolean isThere(HeldContainer container) {
        return Processes.exists(container.pid())
                && Processes.state(container.pid())
                        .filter(state -> state != 'Z')
                        .isPresent()
                && Processes.identity(container.pid()).equals(container.identity());
    }

    /** Those of the kernel, as this process sees them. */
    HeldProcesses REAL = new HeldProcesses() {
        @Override
        public void resume(HeldContainer container) {
            if (isThere(container)) {
                ApplicationTree.of(container.pid()).resume();
            }
        }

        @Override
        public int fence(HeldContainer container) {
            if (!isThere(container)) {
                return 0;
            }
            ApplicationTree tree = ApplicationTree.of(container.pid());
            int count = tree.processes().size();
            tree.fence();
            return count;
        }

        private static boolean isThere(HeldContainer container) {
            return HeldProcesses.isThere(container);
        }
    };
}
