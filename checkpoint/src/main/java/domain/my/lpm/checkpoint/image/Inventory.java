package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.InventoryEntry;
import org.jspecify.annotations.Nullable;

/**
 * What inventory.img says of the dump as a whole.
 *
 * @param imageVersion the version of the image format; 2 for every CRIU since 1.3
 * @param descriptorsPerId whether fdinfo files are named by the id of the descriptor table
 * @param rootIds the namespaces and other kernel objects of the process that called CRIU; null in very old dumps
 * @param securityModule the Linux security module of the source
 * @param uptimeMicroseconds the source's CLOCK_MONOTONIC at the dump, in microseconds; 0 if not recorded
 * @param tcpClosed whether TCP connections were dumped as closed
 * @param runId the id CRIU gave to the run that made the dump; null before CRIU 4.1
 */
public record Inventory(
        long imageVersion,
        boolean descriptorsPerId,
        @Nullable ObjectIds rootIds,
        SecurityModule securityModule,
        long uptimeMicroseconds,
        boolean tcpClosed,
        @Nullable String runId) {

    /** The Linux security modules CRIU knows. */
    public enum SecurityModule {
        NONE,
        SELINUX,
        APPARMOR,
        UNKNOWN
    }

    static Inventory of(InventoryEntry entry) {
        return new Inventory(
                Integer.toUnsignedLong(entry.getImgVersion()),
                entry.getFdinfoPerId(),
                entry.hasRootIds() ? ObjectIds.of(entry.getRootIds()) : null,
                switch (entry.getLsmtype()) {
                    case 0 -> SecurityModule.NONE;
                    case 1 -> SecurityModule.SELINUX;
                    case 2 -> SecurityModule.APPARMOR;
                    default -> SecurityModule.UNKNOWN;
                },
                entry.getDumpUptime(),
                entry.getTcpClose(),
                entry.hasDumpCriuRunId() ? entry.getDumpCriuRunId() : null);
    }
}
