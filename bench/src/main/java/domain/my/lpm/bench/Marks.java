package domain.my.lpm.bench;

import java.util.ArrayList;
import java.util.List;

/** The figures that have a limit, as this run measured them. */
final class Marks {
    private static final int GIBIBYTE = 1024;
    private static final int SMALL = 64;

    private Marks() {}

    /** All of them. Where a mark names no size, it is held against 1 GiB or, where less was measured, the largest. */
    static List<Mark> of(Results results) {
        int size = results.measurements().stream()
                .filter(one -> one.figure().equals(RestoreFigures.RESTORE))
                .mapToInt(Measurement::mebibytes)
                .filter(mebibytes -> mebibytes <= GIBIBYTE)
                .max()
                .orElse(GIBIBYTE);
        String name = size == GIBIBYTE ? "1 GiB" : size + " MiB";
        List<Mark> marks = new ArrayList<>();
        if (size != SMALL) {
            marks.add(eager(results, SMALL, SMALL + " MiB"));
        }
        marks.addAll(List.of(
                Mark.of(
                        "downtime of " + SMALL
                                + " MiB moved by a PodMigration, by its own ticks, against runc checkpoint and"
                                + " runc restore",
                        1.5,
                        "×",
                        results.ratio(
                                MigrationFigures.DOWNTIME,
                                MigrationFigures.BY_LAUNCHER,
                                SMALL,
                                MigrationFigures.BARE,
                                SMALL)),
                Mark.of(
                        "share of that downtime outside of dump, copy and restore",
                        15,
                        "%",
                        results.summary(MigrationFigures.SHARE, MigrationFigures.BY_LAUNCHER, SMALL)),
                Mark.of(
                        "heap of a controller with " + HeapFigure.FINISHED,
                        HeapFigure.LIMIT_MEBIBYTES,
                        "MiB",
                        results.summary(HeapFigure.HEAP, HeapFigure.FINISHED, 0)),
                eager(results, size, name),
                Mark.of(
                        "lazy restore, release to first tick: 1 GiB against 64 MiB",
                        1.3,
                        "×",
                        results.ratio(
                                RestoreFigures.RESTORE,
                                RestoreFigures.OURS_LAZY,
                                GIBIBYTE,
                                RestoreFigures.OURS_LAZY,
                                SMALL)),
                Mark.of(
                        "release in standby to the start of CRIU (" + name + ", eager)",
                        40,
                        "ms",
                        results.summary(RestoreFigures.UNTIL_CRIU, RestoreFigures.OURS_EAGER, size)),
                Mark.of(
                        "ingest of 1 GiB, compressed and durable, against zstd -T0 -1 and no fsync",
                        1.2,
                        "×",
                        results.ratio(
                                ArchiveFigures.INGEST,
                                ArchiveFigures.INGEST_COMPRESSED,
                                GIBIBYTE,
                                ArchiveFigures.ZSTD,
                                GIBIBYTE)),
                Mark.of(
                        "ingest of 1 GiB, compressed and durable, against zstd -T0 -1 and fsync",
                        1.2,
                        "×",
                        results.ratio(
                                ArchiveFigures.INGEST,
                                ArchiveFigures.INGEST_COMPRESSED,
                                GIBIBYTE,
                                ArchiveFigures.ZSTD_SYNC,
                                GIBIBYTE)),
                Mark.of(
                        "resident memory of ours after the restore (" + name + ", eager)",
                        2048,
                        "KiB",
                        results.summary(RestoreFigures.RESIDENT, RestoreFigures.OURS_EAGER, size)),
                Mark.of(
                        "fresh start through the entry, more than the bare command",
                        10,
                        "ms",
                        results.difference(StartFigures.FRESH, StartFigures.ENTRY, 0, StartFigures.BARE))));
        return List.copyOf(marks);
    }

    private static Mark eager(Results results, int mebibytes, String name) {
        return Mark.of(
                "eager restore of " + name + ", release to first tick, against runc restore of the same images",
                1.15,
                "×",
                results.ratio(
                        RestoreFigures.RESTORE,
                        RestoreFigures.OURS_EAGER,
                        mebibytes,
                        RestoreFigures.RUNC_EAGER,
                        mebibytes));
    }
}
