package domain.my.lpm.launcher;

import domain.my.lpm.launcher.checkpoint.ApplicationTree;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The two ways in which a hold ends. */
final class HoldCommands {
    private HoldCommands() {}

    /** Roll back. */
    @Command(
            name = "resume",
            mixinStandardHelpOptions = true,
            description = "Lets a held source go on from the instruction at which it was stopped.")
    static final class Resume implements Callable<Integer> {
        @Option(
                names = "--pid",
                paramLabel = "PID",
                required = true,
                defaultValue = "${env:LPM_PID}",
                description = "The container's first process. [LPM_PID]")
        private int pid;

        @Override
        public Integer call() {
            ApplicationTree.of(pid).resume();
            return 0;
        }
    }

    /** Commit. */
    @Command(
            name = "fence",
            mixinStandardHelpOptions = true,
            description = "Kills a held source while it is stopped, so that it never runs another instruction.")
    static final class Fence implements Callable<Integer> {
        @Option(
                names = "--pid",
                paramLabel = "PID",
                required = true,
                defaultValue = "${env:LPM_PID}",
                description = "The container's first process. [LPM_PID]")
        private int pid;

        @Override
        public Integer call() {
            ApplicationTree.of(pid).fence();
            return 0;
        }
    }
}
