package domain.my.lpm.launcher;

import domain.my.lpm.launcher.checkpoint.ApplicationTree;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The two ways in which a hold ends. */
final class HoldCommands {
    private HoldCommands() {}

    /** What both do: end the hold of one container. */
    @Command(mixinStandardHelpOptions = true)
    abstract static class EndOfHold implements Callable<Integer> {
        @Option(
                names = "--pid",
                paramLabel = "PID",
                required = true,
                defaultValue = "${env:LPM_PID}",
                description = "The container's first process. [LPM_PID]")
        private int pid;

        abstract void end(ApplicationTree tree);

        @Override
        public Integer call() {
            end(ApplicationTree.of(pid));
            return 0;
        }
    }

    /** Roll back. */
    @Command(name = "resume", description = "Lets a held source go on from the instruction at which it was stopped.")
    static final class Resume extends EndOfHold {
        @Override
        void end(ApplicationTree tree) {
            tree.resume();
        }
    }

    /** Commit. */
    @Command(
            name = "fence",
            description = "Kills a held source while it is stopped, so that it never runs another instruction.")
    static final class Fence extends EndOfHold {
        @Override
        void end(ApplicationTree tree) {
            tree.fence();
        }
    }
}
