package domain.my.lpm.bench;

import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the benchmark. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures migrations beside bare runc and writes what it found. Needs root.",
        footer = {"", "Exit codes: 0 measured, whatever the marks; 1 not measured; 2 wrong options."})
public final class Main implements Callable<Integer> {
    private static final List<Integer> SIZES = List.of(16, 64, 256, 1024, 4096);
    private static final int QUICK_LARGEST = 256;
    /** With less, zstd and tar do little but start. */
    private static final int LEAST_ARCHIVE = 64;
    // Source, target and page cache of the dump; and dump, archive and both stored forms.
    private static final int MEMORY_FACTOR = 4;
    private static final int DISK_FACTOR = 5;

    @Option(names = "--quick", description = "Up to 256 MiB only, and fewer repetitions.")
    private boolean quick;

    @Option(names = "--repetitions", paramLabel = "N", description = "How often all is measured. [default 5, quick 3]")
    private int repetitions;

    @Option(
            names = "--sizes",
            paramLabel = "MIB",
            split = ",",
            description = "The application's memory, in MiB. [default 16,64,256,1024,4096]")
    private List<Integer> sizes = SIZES;

    /** What can be measured by itself. */
    enum Figures {
        /** Starts of the launcher and fresh starts of an application. */
        START,
        /** PodMigrations in a cluster. */
        MIGRATION,
        /** Whole migrations by launchers alone, without a cluster. */
        LAUNCHER,
        /** Restores of one checkpoint. */
        RESTORE,
        /** The heap of a controller with thousands of finished migrations. */
        HEAP,
        /** Ingest, reading back and verifying. */
        ARCHIVE
    }

    @Option(
            names = "--figures",
            paramLabel = "NAME",
            split = ",",
            description = "What to measure: start, migration, launcher, restore, heap, archive. [default all]")
    private Set<Figures> figures = EnumSet.allOf(Figures.class);

    @Option(names = "--output", required = true, paramLabel = "DIR", description = "Where the results go.")
    private Path output = Path.of("");

    @Option(names = "--build-root", required = true, paramLabel = "DIR", description = "What build-root made.")
    private Path buildRoot = Path.of("");

    @Option(names = "--toolkit", required = true, paramLabel = "DIR", description = "The toolkit's file tree.")
    private Path toolkit = Path.of("");

    @Option(names = "--crds", paramLabel = "DIR", description = "The directory with the CRDs. [default crds]")
    private Path crds = Path.of("crds");

    @Option(names = "--work", required = true, paramLabel = "DIR", description = "A directory on a disk.")
    private Path work = Path.of("");

    /** Ends the JVM with the command's exit code. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main())
                .setExecutionExceptionHandler((problem, command, parsed) -> {
                    if (!(problem instanceof SandboxException)) {
                        throw problem;
                    }
                    command.getErr().println("bench: " + problem.getMessage());
                    return 1;
                })
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        int times = repetitions > 0 ? repetitions : quick ? 3 : 5;
        try (Bench bench = new Bench(new Settings(buildRoot, toolkit, work))) {
            Machine machine = Machine.of(bench.source);
            bench.afterEach(() -> write(bench, machine));
            if (figures.contains(Figures.START)) {
                new StartFigures(bench, times).run();
            }
            if (figures.contains(Figures.HEAP)) {
                new HeapFigure(bench, crds).run();
                write(bench, machine);
            }
            for (int size : sizes) {
                if (isLeftOut(bench, size)) {
                    continue;
                }
                RestoreFigures restores = new RestoreFigures(bench, size, times);
                if (figures.contains(Figures.MIGRATION)) {
                    try (MigrationFigures migrations = new MigrationFigures(bench, crds, size, times)) {
                        migrations.run();
                    }
                }
                if (figures.contains(Figures.LAUNCHER)) {
                    restores.migrations();
                }
                if (figures.contains(Figures.RESTORE) || figures.contains(Figures.ARCHIVE)) {
                    restores.ofOneCheckpoint(
                            figures.contains(Figures.RESTORE),
                            figures.contains(Figures.ARCHIVE) && size >= LEAST_ARCHIVE);
                }
            }
            System.out.print(Report.summary(machine, bench.results, Marks.of(bench.results)));
            Bench.say("The results are in %s", output);
        }
        return 0;
    }

    private void write(Bench bench, Machine machine) throws IOException {
        Report.write(output, machine, Machine.load(), bench.results, Marks.of(bench.results));
    }

    private boolean isLeftOut(Bench bench, int size) throws IOException {
        if (quick && size > QUICK_LARGEST) {
            bench.results.skip(size + " MiB: not part of a quick run");
            return true;
        }
        long memory = Machine.memory("MemAvailable");
        if (memory < (long) size * MEMORY_FACTOR) {
            bench.results.skip(String.format(
                    Locale.ROOT,
                    "%d MiB: %d MiB of memory are available, it needs %d",
                    size,
                    memory,
                    size * MEMORY_FACTOR));
            return true;
        }
        long disk = Files.getFileStore(bench.settings.work()).getUsableSpace() >> 20;
        if (disk < (long) size * DISK_FACTOR) {
            bench.results.skip(String.format(
                    Locale.ROOT, "%d MiB: %d MiB of disk are free, it needs %d", size, disk, size * DISK_FACTOR));
            return true;
        }
        return false;
    }
}
