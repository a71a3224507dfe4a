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
     * @throws IllegalStateException if one of them runs; none is killed then
     */
    void fence(HeldContainer container);

    /** Those of the kernel. */
    HeldProcesses REAL = new HeldProcesses() {
        @Override
        public void resume(HeldContainer container) {
            if (isThere(container)) {
                ApplicationTree.of(container.pid()).resume();
            }
        }

        @Override
        public void fence(HeldContainer container) {
            if (isThere(container)) {
                ApplicationTree.of(container.pid()).fence();
            }
        }

        private static boolean isThere(HeldContainer container) {
            return Processes.exists(container.pid())
                    && Processes.state(container.pid())
                            .filter(state -> state != 'Z')
                            .isPresent()
                    && Processes.identity(container.pid()).equals(container.identity());
        }
    };
}
