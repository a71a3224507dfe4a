package domain.my.lpm.launcher;

import domain.my.lpm.launcher.linux.Linux;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.restore.Rehearsal;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.StatusFile;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Loads what a restore needs. The build of the toolkit image records the classes that this command touches. */
@Command(
        name = "warm-up",
        mixinStandardHelpOptions = true,
        description = "Practises a restore on a sample and ends. For the build of the toolkit image.")
final class WarmUpCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        Linux.closeDescriptorsOnExec();
        Processes.prepareToSpawn();
        Rehearsal.run(Duration.ZERO);
        new StatusFile(null).enter(State.PREPARING);
        return 0;
    }
}
