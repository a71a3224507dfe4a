package domain.my.lpm.checkpoint.inspect;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Images that CRIU 4.2.1 wrote on x86-64, Linux 6.18, kept without the content of memory. */
enum RealImages {
    /** A shell of busybox that counts, with a child, dumped through runc. */
    COUNTER,
    /** application.py, dumped by dump.sh. */
    APPLICATION;

    /** Copies the images into a directory, with holes for the pages. */
    Path copyTo(Path directory) throws IOException {
        for (Path file : list(source())) {
            Files.copy(file, directory.resolve(file.getFileName().toString()));
        }
        for (Path file : list(directory)) {
            if (file.getFileName().toString().startsWith("pagemap-")) {
                addPages(file);
            }
        }
        return directory;
    }

    private Path source() {
        return Path.of("src/main/resources/domain/my/lpm/checkpoint/image/sample", name().toLowerCase(Locale.ROOT));
    }

    static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    // Reads the map on its own, apart from the code under test: varints of fields 1 (page file) and 5 (pages).
    private static void addPages(Path map) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(map)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(8);
        int end = bytes.getInt() + bytes.position();
        bytes.get();
        long pagesId = varint(bytes);
        bytes.position(end);
        long pages = 0;
        while (bytes.hasRemaining()) {
            end = bytes.getInt() + bytes.position();
            while (bytes.position() < end) {
                int tag = bytes.get();
                long value = varint(bytes);
                pages += tag == 5 << 3 ? value : 0;
            }
        }
        try (RandomAccessFile file = new RandomAccessFile(
                map.resolveSibling("pages-" + pagesId + ".img").toFile(), "rw")) {
            file.setLength(pages * 4096);
        }
    }

    private static long varint(ByteBuffer bytes) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = bytes.get();
            value |= (next & 0x7fL) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }
}
