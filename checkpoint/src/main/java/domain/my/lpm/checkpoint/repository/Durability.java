package domain.my.lpm.checkpoint.repository;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** When what is stored is on the disk and outlives a crash of the machine that holds it. */
public enum Durability {
    /** Before it is marked complete: a crash leaves a whole checkpoint or none. */
    BEFORE_COMPLETE,
    /**
     * Whenever somebody syncs its directory, by {@link Durable#syncTree}, after it is complete and can be read. A crash
     * before that may leave a checkpoint that is marked complete and is not; whoever reads it finds out by its digests.
     * For a source that stands still, and is let go only after its copy runs: it loses nothing then, and need not wait
     * for the disk.
     */
    LATER;

    void force(FileChannel channel) throws IOException {
        if (this == BEFORE_COMPLETE) {
            channel.force(true);
        }
    }

    void syncDirectory(Path directory) throws IOException {
        if (this == BEFORE_COMPLETE) {
            Durable.sync(directory);
        }
    }
}
