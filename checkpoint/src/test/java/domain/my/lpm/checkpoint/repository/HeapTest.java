package domain.my.lpm.checkpoint.repository;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.archive.TarEntry;
import domain.my.lpm.checkpoint.archive.TarWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeapTest {
    private static final long BYTES = 1L << 30;

    @Test
    void aGibibyteIsStoredAndReadWith64Mebibytes(@TempDir Path directory) throws Exception {
        Path log = directory.resolve("log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName(),
                        directory.resolve("repository").toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(log).content().contains("stored and verified " + BYTES);
        assertThat(process.exitValue()).isZero();
    }

    /** What the other JVM runs. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) throws IOException {
            byte[] header = TarWriter.header(new TarEntry(
                    "checkpoint/pages-1.img", TarEntry.Type.FILE, BYTES, 0600, 0, 0, 0, 0, "", 0, 0, Map.of()));
            InputStream archive = new SequenceInputStream(
                    new SequenceInputStream(new ByteArrayInputStream(header), new Pages()),
                    new ByteArrayInputStream(new byte[1024]));
            StoredContainer stored = Ingest.run(
                    ArchiveSource.tar(archive),
                    Path.of(arguments[0]),
                    Checkpoints.URI,
                    Checkpoints.PROVENANCE,
                    Checkpoints.KEY,
                    new Options(
                            Form.COMPRESSED,
                            1,
                            64,
                            Options.of(Form.COMPRESSED).limits(),
                            bytes -> {},
                            Durability.BEFORE_COMPLETE));
            stored.verify("checkpoint/pages-1.img", ForkJoinPool.commonPool());
            byte[] buffer = new byte[1 << 16];
            long total = 0;
            try (InputStream content = stored.open("checkpoint/pages-1.img")) {
                int count;
                while ((count = content.read(buffer)) >= 0) {
                    total += count;
                }
            }
            System.out.println("stored and verified " + total);
        }
    }

    /** The same pages again and again. */
    private static final class Pages extends InputStream {
        private final byte[] pattern = Checkpoints.memory(1 << 20, 1);
        private long position;

        @Override
        public int read() {
            return position == BYTES ? -1 : pattern[(int) (position++ % pattern.length)] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            if (position == BYTES) {
                return -1;
            }
            int start = (int) (position % pattern.length);
            int count = (int) Math.min(Math.min(length, pattern.length - start), BYTES - position);
            System.arraycopy(pattern, start, bytes, offset, count);
            position += count;
            return count;
        }
    }
}
