package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.image.CredentialCheck;
import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.image.ExternalMounts;
import domain.my.lpm.checkpoint.image.ExternalMounts.ExternalMount;
import domain.my.lpm.checkpoint.image.Grant;
import domain.my.lpm.checkpoint.image.ImageRewrite;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.StoredFile;
import domain.my.lpm.launcher.criu.Tcp;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The images of a checkpoint as CRIU will read them: verified copies of everything but memory, checked against what the
 * container was granted, and rewritten for it.
 *
 * @param pages the names of the files with memory, which are not copied
 * @param pageCount memory pages of 4 KiB in them
 * @param stdio the dumped targets of descriptors 0, 1 and 2
 * @param externalMounts the mounts that the target must supply
 * @param connections what CRIU is to do with the TCP connections that are left in the images
 */
record StagedImages(
        List<String> pages, long pageCount, List<String> stdio, List<ExternalMount> externalMounts, Tcp connections) {
    /** What the archive's image files have before their own name. */
    static final String PREFIX = "checkpoint/";

    private static final String PAGES = PREFIX + "pages-";
    private static final int PAGE = 4096;
    private static final int MAXIMUM_DESCRIPTORS_BYTES = 64 << 10;
    /** What CRI-O and podman put into a container to tell that it is one, and containerd does not. It is empty. */
    private static final Set<String> OF_SOME_RUNTIMES = Set.of("/run/.containerenv");

    /** The names of the files with memory. */
    static List<String> pages(StoredContainer stored) {
        return stored.files().stream()
                .map(StoredFile::name)
                .filter(name -> name.startsWith(PAGES))
                .toList();
    }

    /**
     * Stages a checkpoint.
     *
     * @param images an empty directory in memory; what CRIU reads there is what was verified here
     * @param addresses all addresses of the target
     * @param supplied whether the target has something to put where a mount is, by its absolute path in the container
     * @throws RestoreException if the dump holds more than the container was granted
     */
    static StagedImages stage(
            StoredContainer stored,
            Path images,
            Grant grant,
            Tcp tcp,
            Collection<InetAddress> addresses,
            Predicate<String> supplied) {
        long pageCount = 0;
        for (StoredFile file : stored.files()) {
            String name = file.name();
            if (name.startsWith(PAGES)) {
                pageCount += file.size() / PAGE;
            } else if (name.startsWith(PREFIX)) {
                stored.copyVerified(name, images.resolve(name.substring(PREFIX.length())));
            }
        }
        CriuImages dump = CriuImages.open(images);
        List<String> violations = CredentialCheck.violations(dump, grant);
        if (!violations.isEmpty()) {
            throw new RestoreException("the checkpoint holds more privileges than the target pod grants: "
                    + String.join("; ", violations));
        }
        List<String> stdio = Descriptors.parse(stored.read(PREFIX + Descriptors.FILE, MAXIMUM_DESCRIPTORS_BYTES));
        Terminals.refuseForeign(dump.terminals());
        // A container of another runtime's has no use for them.
        ImageRewrite.write(
                ImageRewrite.withoutMounts(
                        dump,
                        OF_SOME_RUNTIMES.stream().filter(supplied.negate()).collect(Collectors.toUnmodifiableSet())),
                images);
        List<ExternalMount> externalMounts = ExternalMounts.of(dump);
        Tcp connections = Connections.relocate(tcp, dump, addresses, images);
        ImageRewrite.takeUnsentForSent(dump);
        ImageRewrite.write(ImageRewrite.joinNamespacesOfCaller(dump), images);
        ImageRewrite.write(ImageRewrite.withoutPropagation(dump), images);
        ImageRewrite.write(List.of(ImageRewrite.withoutNetworkLock(dump)), images);
        ImageRewrite.write(ImageRewrite.withTimersArmed(dump), images);
        return new StagedImages(pages(stored), pageCount, stdio, externalMounts, connections);
    }
}
