package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.PageMapEntry;
import domain.my.lpm.checkpoint.image.proto.PageMapHead;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How many pages of a memory the dump accounts for. Pages that were zero or could be read from a file appear nowhere.
 *
 * @param pagesId the number in the name of pages-&lt;n&gt;.img
 * @param present the pages in that file
 * @param absent the pages that are in no image but still with the source, to be fetched lazily
 * @param inParent the pages in the images of an earlier dump
 * @param lazy the pages that may be fetched lazily, present ones among them
 */
public record PageMap(long pagesId, long present, long absent, long inParent, long lazy) {
    private static final int MAXIMUM_RANGES = 1 << 24;
    // A 64-bit process has at most 2^57 bytes in pages of 4 KiB.
    private static final long MAXIMUM_PAGES = 1L << 45;
    // PE_* of criu/include/pagemap.h, CRIU 4.2.
    private static final int IN_PARENT = 1;
    private static final int LAZY = 2;
    private static final int PRESENT = 4;

    static PageMap read(Path file) {
        try (ImageReader reader = ImageReader.open(
                file, ImageKind.PAGE_MAP.title(), ImageKind.PAGE_MAP.magic(), ImageKind.PAGE_MAP.commonHeader())) {
            PageMapHead head = reader.next(PageMapHead.parser(), ImageKind.PAGE_MAP.maximumEntryBytes());
            if (head == null) {
                throw new ImageFormatException(reader.fileName(), "the file ends before its first entry");
            }
            long total = 0;
            long present = 0;
            long absent = 0;
            long inParent = 0;
            long lazy = 0;
            @Nullable PageMapEntry entry;
            for (int ranges = 0;
                    (entry = reader.next(PageMapEntry.parser(), ImageKind.PAGE_MAP.maximumEntryBytes())) != null;
                    ranges++) {
                long pages = entry.hasNrPages() ? entry.getNrPages() : Integer.toUnsignedLong(entry.getCompatNrPages());
                if (ranges == MAXIMUM_RANGES || pages < 0 || pages > MAXIMUM_PAGES - total) {
                    throw new ImageFormatException(
                            reader.fileName(),
                            "the map names more pages or ranges than a process can have",
                            "refuse the checkpoint");
                }
                total += pages;
                // Without flags a range is present unless it is in the parent.
                int flags = entry.hasFlags() ? entry.getFlags() : entry.getInParent() ? IN_PARENT : PRESENT;
                present += (flags & PRESENT) != 0 ? pages : 0;
                inParent += (flags & IN_PARENT) != 0 ? pages : 0;
                lazy += (flags & LAZY) != 0 ? pages : 0;
                absent += (flags & (PRESENT | IN_PARENT)) == 0 && (flags & LAZY) != 0 ? pages : 0;
            }
            return new PageMap(Integer.toUnsignedLong(head.getPagesId()), present, absent, inParent, lazy);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
