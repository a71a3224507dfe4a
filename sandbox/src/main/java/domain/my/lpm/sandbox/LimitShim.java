package domain.my.lpm.sandbox;

import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * A layer over a root file system in which CRIU works although this machine's root lacks CAP_SYS_RESOURCE, as in some
 * virtual machines: CRIU then cannot read the limits of another user's processes. Real nodes need nothing of it.
 */
final class LimitShim {
    private static final int CAP_SYS_RESOURCE = 24;
    private static final String DIRECTORY = "usr/lib/lpm-sandbox";

    private LimitShim() {}

    /** Whether this machine's root may raise limits. */
    static boolean isNeeded() {
        String effective = Processes.status(Processes.self()).getOrDefault("CapEff", "0");
        return (Long.parseUnsignedLong(effective, 16) >> CAP_SYS_RESOURCE & 1) == 0;
    }

    /** The layer for {@code root}, made when it is missing; empty where none is needed. */
    static Optional<Path> layer(Path root, Path buildRoot, Images images) {
        Path criu = root.resolve("usr/sbin/criu");
        if (!isNeeded() || !Files.exists(criu)) {
            return Optional.empty();
        }
        try {
            String version =
                    Files.size(criu) + "-" + Files.getLastModifiedTime(criu).toMillis();
            Path wrapper = images.compile("criu", Scripts.text("criu.c"), List.of("-static"));
            Path library = images.compile("prlimit.so", Scripts.text("prlimit.c"), List.of("-shared", "-fPIC"));
            String name = "shim-" + (root.equals(buildRoot) ? "node-" : "agent-") + version + "-"
                    + images.key(wrapper) + "-"
                    + images.key(library);
            return Optional.of(images.cached(name, layer -> {
                Files.createDirectories(layer.resolve(DIRECTORY));
                Files.createDirectories(layer.resolve("usr/sbin"));
                Files.copy(criu, layer.resolve(DIRECTORY + "/criu"), StandardCopyOption.COPY_ATTRIBUTES);
                Files.copy(library, layer.resolve(DIRECTORY + "/prlimit.so"), StandardCopyOption.COPY_ATTRIBUTES);
                Files.copy(wrapper, layer.resolve("usr/sbin/criu"), StandardCopyOption.COPY_ATTRIBUTES);
            }));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot prepare CRIU of " + root + " for this machine", error);
        }
    }
}
