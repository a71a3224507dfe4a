package domain.my.lpm.agent.hold;

import domain.my.lpm.agent.hold.Hold.HeldContainer;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.launcher.checkpoint.ApplicationTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Held processes by the launcher's own commands: it alone has what the network of a container needs to work again. */
public final class LauncherHeldProcesses implements HeldProcesses {
    private static final long PATIENCE_SECONDS = 120;

    private final Launchers launchers;
    private final StepListener steps;

    /** Those that launchers of the node can reach. */
    public LauncherHeldProcesses(Launchers launchers, StepListener steps) {
        this.launchers = launchers;
        this.steps = steps;
    }

    @Override
    public void resume(HeldContainer container) {
        if (HeldProcesses.isThere(container)) {
            steps.during(Step.RESUME, () -> run("resume", container));
        }
    }

    @Override
    public int fence(HeldContainer container) {
        if (!HeldProcesses.isThere(container)) {
            return 0;
        }
        int count = ApplicationTree.of(container.pid()).processes().size();
        steps.during(Step.FENCE, () -> run("fence", container));
        return count;
    }

    private void run(String command, HeldContainer container) {
        Process process = launchers.start(List.of(command, "--pid", Integer.toString(launchers.pid(container.pid()))));
        try {
            // What it says is little: it cannot fill the pipe.
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("the launcher did not " + command + " the container '"
                        + container.name() + "' within " + PATIENCE_SECONDS + " s; repeat it, and see the node's load");
            }
            String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            // A container that ends meanwhile has nothing left to resume or to fence.
            if (process.exitValue() != 0 && HeldProcesses.isThere(container)) {
                throw new IllegalStateException("cannot " + command + " the container '" + container.name() + "': "
                        + said.replaceFirst("^error: ", ""));
            }
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot hear the launcher", problem);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted during " + command + "; repeat it", interrupted);
        }
    }
}
