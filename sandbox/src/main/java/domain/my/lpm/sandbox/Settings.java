package domain.my.lpm.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a sandbox is made from.
 *
 * @param buildRoot the Debian root that base-images/build-root makes; only read
 * @param toolkit the root file system of the launcher toolkit, which becomes the agent's root on every node; a
 *     directory that does not exist means nodes without an agent
 * @param work a directory on a disk, below which all files of the sandbox lie; created when missing
 * @param sharedStorage a directory, of a network file system perhaps, in which the storage that all nodes share is made;
 *     empty for one below {@code work}
 */
public record Settings(Path buildRoot, Path toolkit, Path work, Optional<Path> sharedStorage) {
    /** With shared storage below {@code work}. */
    public Settings(Path buildRoot, Path toolkit, Path work) {
        this(buildRoot, toolkit, work, Optional.empty());
    }

    /** Resolves links, so that the paths can be used from within any mount namespace. */
    public Settings {
        if (!Files.isExecutable(buildRoot.resolve("usr/sbin/criu"))) {
            throw new SandboxException("no build root at " + buildRoot
                    + ": usr/sbin/criu is missing; make one with base-images/build-root");
        }
        if (sharedStorage.isPresent() && !Files.isDirectory(sharedStorage.get())) {
            throw new SandboxException(
                    "no directory for shared storage at " + sharedStorage.get() + ": mount or make it first");
        }
        try {
            Files.createDirectories(work);
            buildRoot = buildRoot.toRealPath();
            work = work.toRealPath();
            toolkit = Files.isDirectory(toolkit) ? toolkit.toRealPath() : toolkit.toAbsolutePath();
            if (sharedStorage.isPresent()) {
                sharedStorage = Optional.of(sharedStorage.get().toRealPath());
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot use the directories of the sandbox", error);
        }
        if ((buildRoot + "" + toolkit + work + sharedStorage.map(Path::toString).orElse(""))
                .matches("(?s).*[:,\\s].*")) {
            throw new SandboxException("the paths of a sandbox must be free of white space, colons and commas: "
                    + buildRoot + ", " + toolkit + ", " + work
                    + sharedStorage.map(path -> ", " + path).orElse(""));
        }
    }

    /** The toolkit, where there is one. */
    Optional<Path> installedToolkit() {
        return Optional.of(toolkit).filter(Files::isDirectory);
    }
}
