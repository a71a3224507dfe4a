package domain.my.lpm.sandbox.fault;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * Makes the CRIU of the launchers tell its stages, and wait at one of them. Of a restore they are those
 * of an action script, as {@code restore post-restore}. Of a dump they are {@code dump begin} and {@code dump end}, as CRIU runs
 * action scripts of a dump in the container, where there are none of ours.
 */
final class CriuStages {
    private static final String DIRECTORY = "/repository/programs";
    /** What launchers are given as CRIU. */
    static final String PROGRAM = DIRECTORY + "/criu";

    private final Path directory;

    /** On the shared storage, so that every node and every launcher sees it. */
    CriuStages(Path share) {
        directory = share.resolve("programs");
        try {
            Files.createDirectories(directory);
            program("criu", """
                    for word do
                        case $word in
                            restore) exec /usr/sbin/criu "$@" --action-script %1$s/stage ;;
                            dump)
                                CRTOOLS_SCRIPT_ACTION=begin %1$s/stage dump
                                /usr/sbin/criu "$@"
                                code=$?
                                CRTOOLS_SCRIPT_ACTION=end %1$s/stage dump
                                exit $code
                                ;;
                            lazy-pages | check | --version) break ;;
                        esac
                    done
                    exec /usr/sbin/criu "$@"
                    """.formatted(DIRECTORY));
            program("stage", """
                    stage="${1:-restore} $CRTOOLS_SCRIPT_ACTION"
                    echo "$stage" >> %1$s/stages
                    read -r armed < %1$s/armed || exit 0
                    [ "$stage" = "$armed" ] || exit 0
                    > %1$s/reached
                    while [ -e %1$s/armed ]; do /usr/bin/busybox usleep 10000; done
                    """.formatted(DIRECTORY));
            clear();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private void program(String name, String script) throws IOException {
        Path program = directory.resolve(name);
        Files.writeString(program, "#!/usr/bin/busybox sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Forgets what was, and waits nowhere. */
    void clear() {
        try {
            for (String file : List.of("armed", "reached", "stages")) {
                Files.deleteIfExists(directory.resolve(file));
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** CRIU waits at this stage, see {@link #isReached}, until {@link #pass}. */
    void arm(String stage) {
        try {
            Files.writeString(directory.resolve("armed"), stage + "\n");
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    boolean isReached() {
        return Files.exists(directory.resolve("reached"));
    }

    /** CRIU goes on, and waits there no more. */
    void pass() {
        try {
            Files.deleteIfExists(directory.resolve("armed"));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The stages so far, in their order. */
    List<String> stages() {
        try {
            Path stages = directory.resolve("stages");
            return Files.exists(stages) ? Files.readAllLines(stages) : List.of();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
