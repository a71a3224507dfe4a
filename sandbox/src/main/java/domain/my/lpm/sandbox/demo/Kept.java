package domain.my.lpm.sandbox.demo;

import domain.my.lpm.webhook.rewrite.PodRewrite;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The files of the latest demonstration, which outlive its sandbox. Readable for root alone: a checkpoint holds all that was
 * in a program's memory.
 */
final class Kept {
    private final Path directory;
    private final Map<String, String> files = new LinkedHashMap<>();

    private Kept(Path directory) {
        this.directory = directory;
    }

    /** An empty directory in the place of the one before. */
    static Kept replace(Path directory) {
        try {
            if (Files.isDirectory(directory)) {
                try (Stream<Path> old = Files.walk(directory)) {
                    for (Path file : old.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
            Files.createDirectories(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
            return new Kept(directory);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot make the directory " + directory, error);
        }
    }

    /** What is kept, and where. */
    Map<String, String> files() {
        return files;
    }

    /** Keeps a text. */
    Path text(String what, String name, String content) {
        try {
            Path file = directory.resolve(name);
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            Files.writeString(file, content, StandardCharsets.UTF_8);
            files.put(what, file.toString());
            return file;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot keep " + name + " in " + directory, error);
        }
    }

    /** Keeps a file or a directory with all that is in it; nothing is copied where it lies on the same disk. */
    Path tree(String what, String name, Path from) {
        Path to = directory.resolve(name);
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path each : (Iterable<Path>) tree::iterator) {
                Path place = to.resolve(from.relativize(each).toString());
                if (Files.isDirectory(each)) {
                    Files.createDirectories(place);
                } else {
                    link(each, place);
                }
            }
            files.put(what, to.toString());
            return to;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot keep " + from + " in " + directory, error);
        }
    }

    private static void link(Path from, Path to) throws IOException {
        try {
            Files.createLink(to, from);
        } catch (FileSystemException otherDisk) {
            Files.copy(from, to);
        }
    }

    /**
     * What a copy has more or less than its source as its user wrote it, but for what the API and its node have set: line by
     * line, as diff(1) tells it.
     */
    List<String> difference(Pod source, Pod target) {
        Path before = directory.resolve(".before");
        Path after = directory.resolve(".after");
        try {
            Files.writeString(before, Workload.yaml(bare(PodRewrite.undo(source), source)));
            Files.writeString(after, Workload.yaml(bare(target, source)));
            Process diff = new ProcessBuilder("diff", "-U0", before.toString(), after.toString())
                    .redirectErrorStream(true)
                    .start();
            diff.getOutputStream().close();
            List<String> lines =
                    diff.inputReader(StandardCharsets.UTF_8).lines().toList();
            diff.waitFor();
            Files.delete(before);
            Files.delete(after);
            return lines.stream()
                    .filter(line -> !line.startsWith("---") && !line.startsWith("+++") && !line.startsWith("@@"))
                    .toList();
        } catch (IOException error) {
            throw new UncheckedIOException("cannot run diff, of the package diffutils", error);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private static Pod bare(Pod pod, Pod source) {
        return new PodBuilder(pod)
                .withNewMetadata()
                .withName(source.getMetadata().getName())
                .withLabels(pod.getMetadata().getLabels())
                .withAnnotations(pod.getMetadata().getAnnotations())
                .endMetadata()
                .editSpec()
                .withNodeName(null)
                .endSpec()
                .withStatus(null)
                .build();
    }
}
