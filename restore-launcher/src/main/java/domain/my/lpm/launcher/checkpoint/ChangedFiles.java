package domain.my.lpm.launcher.checkpoint;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Which files of a container's root file system changed after its first process was made, as seen from inside, where the
 * overlay's upper directory is out of reach: by the time of the last change of the inode. Files that were deleted leave no
 * trace there and are not found.
 */
final class ChangedFiles {
    /** The field of {@code /proc/PID/stat}, counted behind the name, with the time of the start; see proc_pid_stat(5). */
    private static final int START_TIME = 19;

    /** In /proc, time is told in hundredths of a second on every architecture that CRIU knows. */
    private static final int TICKS_PER_SECOND = 100;

    private ChangedFiles() {}

    /** When a process was made, exact to some hundredths of a second. */
    static Instant startOf(int pid) throws IOException {
        String status = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = status.substring(status.lastIndexOf(')') + 2).split(" ", -1);
        double started = Double.parseDouble(fields[START_TIME]) / TICKS_PER_SECOND;
        double now =
                Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", -1)[0]);
        return Instant.now().minus(Duration.ofMillis(Math.round((now - started) * 1000)));
    }

    /**
     * Walks a file system.
     *
     * @param root its root, without the mounts in it
     * @param since changes before it are the image's or the runtime's
     * @param mountPoints paths below {@code root}, with a leading slash, that the runtime may have made for its mounts
     * @return the paths of changed files and links, with a leading slash
     */
    static List<String> below(Path root, Instant since, Set<String> mountPoints) throws IOException {
        List<String> changed = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                return mountPoints.contains(inside(directory))
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                FileTime time = (FileTime) Files.getAttribute(file, "unix:ctime", LinkOption.NOFOLLOW_LINKS);
                if (time.toInstant().isAfter(since) && !mountPoints.contains(inside(file))) {
                    changed.add(inside(file));
                }
                return FileVisitResult.CONTINUE;
            }

            private String inside(Path path) {
                return "/" + root.relativize(path);
            }
        });
        return changed;
    }
}
