package domain.my.lpm.checkpoint.repository;

import domain.my.lpm.checkpoint.archive.Limits;
import java.util.function.LongConsumer;

/**
 * How to store a checkpoint.
 *
 * @param form the form to store
 * @param level zstd's level, 1 to 19; 1 is the fastest
 * @param threads how many threads compress and hash, at least 1; fewer are used where memory is short
 * @param limits what is too large
 * @param bytesRead told now and then how many uncompressed bytes have been read so far
 * @param durability when it is on the disk
 */
public record Options(Form form, int level, int threads, Limits limits, LongConsumer bytesRead, Durability durability) {
    /**
     * @throws IllegalArgumentException when a number is out of range
     */
    public Options {
        if (level < 1 || level > 19 || threads < 1) {
            throw new IllegalArgumentException(
                    "zstd's level must be 1 to 19 and the threads at least 1, not " + level + " and " + threads);
        }
    }

    /** Level 1, a thread for each processor, the default limits, no report, on the disk before it is complete. */
    public static Options of(Form form) {
        return of(form, Durability.BEFORE_COMPLETE);
    }

    /** The same, on the disk at another time. */
    public static Options of(Form form, Durability durability) {
        return new Options(
                form, 1, Runtime.getRuntime().availableProcessors(), Limits.DEFAULT, bytes -> {}, durability);
    }
}
