package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.MemoryFileInodeEntry;

/**
 * What memfd_create made.
 *
 * @param id the number that open files refer to
 * @param name the name it was given
 * @param size in bytes
 * @param sharedMemory the number under which its pages are filed
 */
public record MemoryFile(long id, String name, long size, long sharedMemory) {
    static MemoryFile of(MemoryFileInodeEntry entry, String fileName) {
        if (entry.getSize() < 0) {
            throw new ImageFormatException(
                    fileName, "a memory file has " + Long.toUnsignedString(entry.getSize()) + " bytes");
        }
        if (entry.getName().length() > OpenFile.MAXIMUM_PATH) {
            throw new ImageFormatException(fileName, "a memory file has a name longer than " + OpenFile.MAXIMUM_PATH);
        }
        return new MemoryFile(
                entry.getInodeId(), entry.getName(), entry.getSize(), Integer.toUnsignedLong(entry.getShmid()));
    }
}
