package domain.my.lpm.checkpoint.fuzz;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Limits;
import domain.my.lpm.checkpoint.archive.TarReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Reads any bytes as an archive. */
public final class TarTarget {
    private TarTarget() {}

    /** Called by the fuzzer. */
    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        try (TarReader reader = new TarReader("fuzz.tar", new ByteArrayInputStream(data), Limits.DEFAULT)) {
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                if (entry.name().startsWith("/") || entry.name().contains("../")) {
                    throw new IllegalStateException("the reader gave out the name " + entry.name());
                }
                try (InputStream content = reader.content()) {
                    content.skipNBytes(Math.min(reader.remaining(), 7));
                }
            }
        } catch (CheckpointException refused) {
            // That is the answer to what is no archive.
        }
    }
}
