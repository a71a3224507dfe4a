package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.ObjectIdsEntry;

/**
 * The kernel objects a task uses, by the numbers CRIU gave them in this dump. Equal numbers mean the same object; 0 means
 * that the dump does not say.
 */
public record ObjectIds(
        long memory,
        long descriptorTable,
        long fileSystem,
        long signalHandlers,
        long pidNamespace,
        long networkNamespace,
        long ipcNamespace,
        long utsNamespace,
        long mountNamespace,
        long userNamespace,
        long cgroupNamespace,
        long timeNamespace) {

    static ObjectIds of(ObjectIdsEntry entry) {
        return new ObjectIds(
                Integer.toUnsignedLong(entry.getVmId()),
                Integer.toUnsignedLong(entry.getFilesId()),
                Integer.toUnsignedLong(entry.getFsId()),
                Integer.toUnsignedLong(entry.getSighandId()),
                Integer.toUnsignedLong(entry.getPidNsId()),
                Integer.toUnsignedLong(entry.getNetNsId()),
                Integer.toUnsignedLong(entry.getIpcNsId()),
                Integer.toUnsignedLong(entry.getUtsNsId()),
                Integer.toUnsignedLong(entry.getMntNsId()),
                Integer.toUnsignedLong(entry.getUserNsId()),
                Integer.toUnsignedLong(entry.getCgroupNsId()),
                Integer.toUnsignedLong(entry.getTimeNsId()));
    }
}
