package domain.my.lpm.bench;

import domain.my.lpm.bench.Bench.Variant;
import domain.my.lpm.bench.Workload.Tick;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.migration.SourceAgent;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Restores and whole migrations of an application of one size. */
final class RestoreFigures {
    /** Release to first tick, ms. */
    static final String RESTORE = "restore";
    /** Release to the start of CRIU, ms. */
    static final String UNTIL_CRIU = "release to CRIU";
    /** What is left of us in the container, KiB. */
    static final String RESIDENT = "resident after restore";
    /** The gap in the ticks, ms. */
    static final String DOWNTIME = "downtime";

    static final String RUNC_EAGER = "runc eager";
    static final String RUNC_LAZY = "runc lazy";
    static final String OURS_EAGER = "launcher eager extracted";
    static final String OURS_COMPRESSED = "launcher eager compressed";
    static final String OURS_LAZY = "launcher lazy extracted";

    private final Bench bench;
    private final int mebibytes;
    private final int repetitions;

    RestoreFigures(Bench bench, int mebibytes, int repetitions) {
        this.bench = bench;
        this.mebibytes = mebibytes;
        this.repetitions = repetitions;
    }

    private RunningPod runSource() {
        Pod pod = Workload.pod(bench.newName("ticker"), mebibytes);
        RunningPod running = bench.source.run(pod);
        try {
            running.container(Workload.CONTAINER).awaitLine(line -> line.startsWith("tick 20 "), Bench.SOON);
            return running;
        } catch (RuntimeException failure) {
            running.close();
            throw failure;
        }
    }

    /** Measures whole migrations, each of a process of its own. */
    void migrations() throws IOException {
        bench.interleaved(
                "migration of " + mebibytes + " MiB",
                repetitions,
                List.of(
                        new Variant("runc checkpoint, runc restore", this::migrateBare),
                        new Variant(
                                "runtime's checkpoint, launcher",
                                repetition -> migrate(
                                        repetition, "runtime's checkpoint, launcher", container -> store(container))),
                        new Variant(
                                "launcher's checkpoint, launcher",
                                repetition -> migrate(
                                        repetition,
                                        "launcher's checkpoint, launcher",
                                        container ->
                                                SourceAgent.checkpoint(container, bench.newName("own"), List.of())))));
    }

    private CheckpointUri store(RunningContainer container) {
        RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(container, RuntimeCheckpoint.Options.HOLD);
        String id = bench.newName("runtime");
        SourceAgent.store(container, checkpoint, id, Form.EXTRACTED, bench.sandbox.share(), bench.key);
        remove(checkpoint.archive());
        return SourceAgent.uri(container, id);
    }

    private void migrateBare(int repetition) {
        try (RunningPod running = runSource()) {
            RunningContainer container = running.container(Workload.CONTAINER);
            try (Bare bare = new Bare(container)) {
                String images = "/mnt/checkpoints/" + bench.newName("bare");
                Tick first = bare.migrate(images);
                addDowntime(repetition, "runc checkpoint, runc restore", container, first);
                bench.source.exec(List.of("rm", "-rf", images)).orThrow();
            }
        }
    }

    private void migrate(int repetition, String variant, Function<RunningContainer, CheckpointUri> checkpoint) {
        try (RunningPod running = runSource()) {
            RunningContainer container = running.container(Workload.CONTAINER);
            Owner owner = SourceAgent.owner(container);
            try (Restored restored = Restored.standBy(bench, running.pod(), owner, false)) {
                long begin = System.nanoTime();
                CheckpointUri uri = checkpoint.apply(container);
                bench.add("checkpoint", variant, mebibytes, repetition, (System.nanoTime() - begin) / 1e6, "ms");
                restored.release(uri);
                addDowntime(repetition, variant, container, restored.firstTick());
                delete(uri);
            }
        }
    }

    private void addDowntime(int repetition, String variant, RunningContainer container, Tick first) {
        List<Tick> before = Workload.Tick.all(container.output());
        Tick last = before.get(before.size() - 1);
        if (first.number() != last.number() + 1) {
            throw new IllegalStateException("after tick " + last.number() + " came tick " + first.number()
                    + ": the checkpoint did not hold the application");
        }
        bench.add(DOWNTIME, variant, mebibytes, repetition, (first.micros() - last.micros()) / 1e3, "ms");
    }

    /** Takes one checkpoint, and measures restores of it or how it is stored, or both. */
    void ofOneCheckpoint(boolean restores, boolean archives) throws IOException {
        try (RunningPod running = runSource()) {
            RunningContainer container = running.container(Workload.CONTAINER);
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(container, RuntimeCheckpoint.Options.HOLD);
            checkpoint.fence();
            container.awaitExit(Bench.SOON);
            StoredContainer extracted = stored(container, checkpoint, Form.EXTRACTED);
            StoredContainer compressed = stored(container, checkpoint, Form.COMPRESSED);
            new Bare(container).forget();
            if (restores) {
                restores(running, extracted, compressed);
            }
            if (archives) {
                new ArchiveFigures(bench, repetitions).run(container, checkpoint, mebibytes, compressed, extracted);
            }
            delete(extracted.uri());
            delete(compressed.uri());
            remove(checkpoint.archive());
        }
    }

    private void restores(RunningPod running, StoredContainer extracted, StoredContainer compressed)
            throws IOException {
        RunningContainer container = running.container(Workload.CONTAINER);
        String images = bench.onNode(extracted.extractedImages());
        bench.interleaved(
                "restore of " + mebibytes + " MiB",
                repetitions,
                List.of(
                        new Variant(
                                RUNC_EAGER,
                                repetition -> restoreBare(repetition, container, images, RUNC_EAGER, false)),
                        new Variant(
                                RUNC_LAZY, repetition -> restoreBare(repetition, container, images, RUNC_LAZY, true)),
                        new Variant(
                                OURS_EAGER,
                                repetition -> restore(repetition, running.pod(), extracted, OURS_EAGER, false)),
                        new Variant(
                                OURS_LAZY,
                                repetition -> restore(repetition, running.pod(), extracted, OURS_LAZY, true)),
                        new Variant(
                                OURS_COMPRESSED,
                                repetition -> restore(repetition, running.pod(), compressed, OURS_COMPRESSED, false))));
    }

    private StoredContainer stored(RunningContainer container, RuntimeCheckpoint checkpoint, Form form) {
        return SourceAgent.store(
                container, checkpoint, bench.newName("restore"), form, bench.sandbox.share(), bench.key);
    }

    private void restoreBare(int repetition, RunningContainer container, String images, String variant, boolean lazy) {
        try (Bare bare = new Bare(container)) {
            bench.add(RESTORE, variant, mebibytes, repetition, bare.restore(images, lazy), "ms");
        }
    }

    private void restore(int repetition, Pod pod, StoredContainer stored, String variant, boolean lazy) {
        Owner owner = stored.manifest().provenance().owner();
        try (Restored restored = Restored.standBy(bench, pod, owner, lazy)) {
            bench.add(RESTORE, variant, mebibytes, repetition, restored.release(stored.uri()), "ms");
            var timings = restored.status().timingsMillis();
            timings.forEach((step, millis) -> bench.add("step " + step, variant, mebibytes, repetition, millis, "ms"));
            bench.add(UNTIL_CRIU, variant, mebibytes, repetition, Restored.untilCriu(timings), "ms");
            bench.add(RESIDENT, variant, mebibytes, repetition, restored.ownResidentKibibytes(), "KiB");
            stored.releaseClaim(restored.claimant());
        }
    }

    private void delete(CheckpointUri uri) {
        new Repository(bench.sandbox.share()).delete(uri);
    }

    private static void remove(Path file) {
        try {
            Files.delete(file);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot remove " + file, error);
        }
    }
}
