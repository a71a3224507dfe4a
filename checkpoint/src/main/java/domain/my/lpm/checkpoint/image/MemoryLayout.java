package domain.my.lpm.checkpoint.image;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import domain.my.lpm.checkpoint.image.proto.MemoryAreaEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The address space of a process.
 *
 * @param executable the id of the {@link OpenFile} it executes
 * @param areas its mappings
 */
public record MemoryLayout(long executable, List<Area> areas) {
    private static final int MAXIMUM_BYTES = 32 << 20;
    // The largest vm.max_map_count that common software asks for.
    private static final int MAXIMUM_AREAS = 1 << 18;
    private static final long MAXIMUM_MAPPED = 1L << 57;
    private static final int EXECUTABLE_FIELD = 12;
    private static final int AREA_FIELD = 14;

    /**
     * A mapping.
     *
     * @param bytes its length
     * @param source for a mapped file the id of the {@link OpenFile}, for shared memory the number its pages are filed
     *     under
     * @param status the VMA_* bits of criu/include/image.h
     */
    public record Area(long bytes, long source, int status) {
        private static final int FILE_PRIVATE = 1 << 6;
        private static final int FILE_SHARED = 1 << 7;
        private static final int ANONYMOUS_SHARED = 1 << 8;
        private static final int SYSTEM_V = 1 << 10;
        private static final int AIO_RING = 1 << 13;
        private static final int PLUGIN = 1 << 27;

        /** Whether a file is mapped. */
        public boolean isFile() {
            return (status & (FILE_PRIVATE | FILE_SHARED)) != 0;
        }

        /** Whether it is anonymous memory that other processes may map too. */
        public boolean isSharedMemory() {
            return (status & ANONYMOUS_SHARED) != 0 && !isSystemV();
        }

        /** Whether it is a shared memory segment of System V. */
        public boolean isSystemV() {
            return (status & SYSTEM_V) != 0;
        }

        /** Whether it is a ring of Linux's native asynchronous I/O. */
        public boolean isAioRing() {
            return (status & AIO_RING) != 0;
        }

        /** Whether only a plug-in of CRIU knows what it is. */
        public boolean isPlugin() {
            return (status & PLUGIN) != 0;
        }
    }

    public MemoryLayout {
        areas = List.copyOf(areas);
    }

    /** The bytes mapped. */
    public long mapped() {
        return areas.stream().mapToLong(Area::bytes).sum();
    }

    static MemoryLayout read(Path file) {
        try (ImageReader reader = ImageReader.open(file, "address space", ImageKind.MEMORY_MAGIC, true)) {
            byte[] payload = reader.nextPayload(MAXIMUM_BYTES);
            if (payload == null || reader.remaining() != 0) {
                throw new ImageFormatException(reader.fileName(), "the file does not hold one entry");
            }
            try {
                return parse(payload, reader);
            } catch (IOException problem) {
                throw new ImageFormatException(
                        reader.fileName(), "an entry cannot be read (" + problem.getMessage() + ")");
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    // Field by field: the whole message in objects of protobuf would take many times its length.
    private static MemoryLayout parse(byte[] payload, ImageReader reader) throws IOException {
        CodedInputStream input = CodedInputStream.newInstance(payload);
        long executable = 0;
        long mapped = 0;
        List<Area> areas = new ArrayList<>();
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            int field = WireFormat.getTagFieldNumber(tag);
            int type = WireFormat.getTagWireType(tag);
            if (field == EXECUTABLE_FIELD && type == WireFormat.WIRETYPE_VARINT) {
                executable = Integer.toUnsignedLong(input.readUInt32());
            } else if (field == AREA_FIELD && type == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                if (areas.size() == MAXIMUM_AREAS) {
                    throw new ImageFormatException(
                            reader.fileName(),
                            "the process has more than " + MAXIMUM_AREAS + " mappings",
                            "refuse the checkpoint unless its origin is certain");
                }
                Area area = area(reader.parse(MemoryAreaEntry.parser(), input.readByteArray()), reader.fileName());
                mapped += area.bytes();
                if (mapped > MAXIMUM_MAPPED) {
                    throw new ImageFormatException(
                            reader.fileName(),
                            "the process maps more bytes than the largest address space has",
                            "refuse the checkpoint");
                }
                areas.add(area);
            } else if (!input.skipField(tag)) {
                throw new ImageFormatException(reader.fileName(), "an entry ends with a group that never began");
            }
        }
        return new MemoryLayout(executable, areas);
    }

    private static Area area(MemoryAreaEntry entry, String fileName) {
        long bytes = entry.getEnd() - entry.getStart();
        if (bytes < 0 || bytes > MAXIMUM_MAPPED) {
            throw new ImageFormatException(
                    fileName,
                    String.format("a mapping reaches from %x to %x", entry.getStart(), entry.getEnd()),
                    "refuse the checkpoint");
        }
        return new Area(bytes, entry.getShmid(), entry.getStatus());
    }
}
