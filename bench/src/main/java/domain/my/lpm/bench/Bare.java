package domain.my.lpm.bench;

import domain.my.lpm.bench.Workload.Tick;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.SandboxException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Checkpoint and restore by runc alone, in the bundle, root file system and pod of a container that has run there. What is
 * restored writes to a file through a pipe, as below conmon.
 */
final class Bare implements AutoCloseable {
    private static final String WORK = "/run/bare";

    private static final String PREPARE = """
            work=$1 images=$2 bundle=$3 id=$4 lazy=$5
            rm -rf "$work"
            mkdir -p "$work"
            mkfifo "$work/out"
            cat < "$work/out" > "$work/ticks" 2> /dev/null &
            exec 4> "$work/out"
            echo ready
            read -r go
            """;
    private static final String CHECKPOINT = """
            runc --root /run/runc checkpoint --file-locks --image-path "$images" --work-path "$work" "$id" 4>&-
            """;
    private static final String RESTORE = """
            if [ -n "$lazy" ]; then
                criu lazy-pages --images-dir "$images" --work-dir "$work" --log-file lazy-pages.log -v1 --daemon \\
                    --pidfile pid 4>&- > /dev/null
            fi
            exec runc --root /run/runc restore --detach $lazy --image-path "$images" --work-path "$work" \\
                --bundle "$bundle" "$id" < /dev/null >&4 4>&-
            """;

    private final RunningContainer container;

    /** The container's own start has to have ended before {@link #restore}, but its pod has to be there. */
    Bare(RunningContainer container) {
        this.container = container;
    }

    /** Forgets the container, which has ended, so that its name is free. */
    void forget() {
        container.node().exec(List.of("runc", "--root", "/run/runc", "delete", "--force", container.id()));
    }

    /**
     * Restores.
     *
     * @param images as the node sees them; only read
     * @return milliseconds to the first tick
     */
    double restore(String images, boolean lazy) {
        Bench.Waiting shell = waiting(PREPARE + RESTORE, images, lazy);
        long begin = Workload.micros();
        shell.go();
        shell.awaitSuccess();
        return (awaitFirst().micros() - begin) / 1e3;
    }

    /** Takes a checkpoint of the running container, restores it at once, and returns the first tick. */
    Tick migrate(String images) {
        Bench.Waiting shell = waiting(PREPARE + CHECKPOINT + RESTORE, images, false);
        shell.go();
        shell.awaitSuccess();
        return awaitFirst();
    }

    private Bench.Waiting waiting(String script, String images, boolean lazy) {
        String bundle = "/var/lib/containers/storage/overlay-containers/" + container.id() + "/userdata";
        return Bench.waiting(
                container.node(), script, WORK, images, bundle, container.id(), lazy ? "--lazy-pages" : "");
    }

    private Tick awaitFirst() {
        Path ticks = container.node().root().resolve(WORK.substring(1)).resolve("ticks");
        long deadline = System.nanoTime() + Bench.SOON.toNanos();
        String text = "";
        while (System.nanoTime() < deadline) {
            try {
                text = Files.readString(ticks, StandardCharsets.UTF_8);
                int end = text.indexOf('\n');
                if (end > 0) {
                    return Tick.parse(text.substring(0, end)).orElseThrow();
                }
                Thread.sleep(2);
            } catch (IOException unreadable) {
                throw new SandboxException("cannot read what runc restored", unreadable);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new SandboxException("interrupted while waiting for what runc restored", interrupted);
            }
        }
        throw new SandboxException("what runc restored did not tick: " + text);
    }

    /** Kills what was restored. */
    @Override
    public void close() {
        forget();
    }
}
