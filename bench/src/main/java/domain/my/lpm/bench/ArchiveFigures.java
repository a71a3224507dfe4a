package domain.my.lpm.bench;

import domain.my.lpm.bench.Bench.Variant;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.StoredFile;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.migration.SourceAgent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Storing a runtime's archive and reading it back, beside zstd and tar. What is read is in the page cache, for all alike. */
final class ArchiveFigures {
    /** Archive of the runtime to the repository, ms. */
    static final String INGEST = "ingest";
    /** Repository to plain files, ms. */
    static final String READ_BACK = "read back";
    /** Checking what is stored against its digests, ms. */
    static final String VERIFY = "verify";

    static final String ZSTD = "zstd -T0 -1";
    static final String ZSTD_SYNC = "zstd -T0 -1, fsync";
    static final String INGEST_COMPRESSED = "ingest compressed";

    private final Bench bench;
    private final int repetitions;

    ArchiveFigures(Bench bench, int repetitions) {
        this.bench = bench;
        this.repetitions = repetitions;
    }

    void run(
            RunningContainer container,
            RuntimeCheckpoint checkpoint,
            int mebibytes,
            StoredContainer compressed,
            StoredContainer extracted)
            throws IOException {
        String archive = "/var/lib/kubelet/checkpoints/" + checkpoint.archive().getFileName();
        Path scratch = Files.createDirectory(bench.sandbox.share().resolve(bench.newName("scratch")));
        String onNode = bench.onNode(scratch);
        Measure ingest = new Measure(INGEST, mebibytes);
        bench.interleaved(
                "ingest of " + mebibytes + " MiB",
                repetitions,
                List.of(
                        ingest.ofScript(ZSTD, "zstd -q -T0 -1 -f \"$1\" -o \"$2/out.zst\"", onNode, archive, onNode),
                        ingest.ofScript(
                                ZSTD_SYNC,
                                "zstd -q -T0 -1 -f \"$1\" -o \"$2/out.zst\"; sync \"$2/out.zst\"",
                                onNode,
                                archive,
                                onNode),
                        ingest.ofScript(
                                "tar -x, fsync", "tar -xf \"$1\" -C \"$2\"; sync -f \"$2\"", onNode, archive, onNode),
                        ingest.ofStore(INGEST_COMPRESSED, container, checkpoint, Form.COMPRESSED),
                        ingest.ofStore("ingest extracted", container, checkpoint, Form.EXTRACTED)));
        Measure readBack = new Measure(READ_BACK, mebibytes);
        String stored = bench.onNode(compressed.directory()) + "/dump.tar.zst";
        ExecutorService workers =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            bench.interleaved(
                    "reading " + mebibytes + " MiB back",
                    repetitions,
                    List.of(
                            readBack.ofScript(
                                    "zstd -d", "zstd -q -d -f \"$1\" -o \"$2/out.tar\"", onNode, stored, onNode),
                            readBack.ofScript(
                                    "zstd -d | tar -x",
                                    "zstd -q -d -c \"$1\" | tar -x -C \"$2\"",
                                    onNode,
                                    stored,
                                    onNode),
                            readBack.ofScript("tar -x", "tar -xf \"$1\" -C \"$2\"", onNode, archive, onNode),
                            readBack.of(
                                    "extract compressed",
                                    () -> compressed.extractTo(scratch, names(compressed), workers),
                                    onNode)));
            Measure verify = new Measure(VERIFY, mebibytes);
            String images = bench.onNode(extracted.extractedImages());
            bench.interleaved(
                    "verifying " + mebibytes + " MiB",
                    repetitions,
                    List.of(
                            verify.ofScript("sha256sum", "sha256sum \"$1\"/* > \"$2/sums\"", onNode, images, onNode),
                            verify.of(
                                    "verify extracted", () -> extracted.verifyAll(names(extracted), workers), onNode)));
        } finally {
            workers.shutdown();
        }
        bench.source.exec(List.of("rm", "-rf", onNode)).orThrow();
    }

    private static List<String> names(StoredContainer stored) {
        return stored.files().stream().map(StoredFile::name).toList();
    }

    private final class Measure {
        private final String figure;
        private final int mebibytes;

        Measure(String figure, int mebibytes) {
            this.figure = figure;
            this.mebibytes = mebibytes;
        }

        private void add(String variant, int repetition, double millis) {
            bench.add(figure, variant, mebibytes, repetition, millis, "ms");
            bench.add(figure + " throughput", variant, mebibytes, repetition, mebibytes / millis * 1000, "MiB/s");
        }

        Variant ofScript(String variant, String script, String scratch, String... arguments) {
            return new Variant(variant, repetition -> {
                empty(scratch);
                add(variant, repetition, bench.time("echo ready; read -r go\n" + script, arguments));
                empty(scratch);
            });
        }

        Variant of(String variant, Runnable work, String scratch) {
            return new Variant(variant, repetition -> {
                empty(scratch);
                long begin = System.nanoTime();
                work.run();
                add(variant, repetition, (System.nanoTime() - begin) / 1e6);
                empty(scratch);
            });
        }

        Variant ofStore(String variant, RunningContainer container, RuntimeCheckpoint checkpoint, Form form) {
            return new Variant(variant, repetition -> {
                String id = bench.newName("ingest");
                long begin = System.nanoTime();
                SourceAgent.store(container, checkpoint, id, form, bench.sandbox.share(), bench.key);
                add(variant, repetition, (System.nanoTime() - begin) / 1e6);
                new Repository(bench.sandbox.share()).delete(SourceAgent.uri(container, id));
            });
        }

        private void empty(String scratch) {
            bench.source
                    .exec(List.of("find", scratch, "-mindepth", "1", "-delete"))
                    .orThrow();
        }
    }
}
