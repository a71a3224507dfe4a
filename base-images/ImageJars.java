import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Copies a program's jars as its image carries them: {@code java ImageJars.java SOURCE CLASS_PATH TOOLKIT JARS NATIVE ARCHITECTURE}.
 *
 * <p>CLASS_PATH is a file that names the jars of SOURCE, separated by line ends. Those that the toolkit's launcher has, too, in
 * the directory TOOLKIT, are not copied; it is an error if its classes are others, since the toolkit is out of date then.
 * With a directory that does not exist every jar is copied. A jar with native libraries is copied without them: those for Linux on
 * ARCHITECTURE ({@code amd64} or {@code arm64}) go to NATIVE, so that nothing is unpacked when the program starts, the others are
 * dropped, as are those that the toolkit has in {@code TOOLKIT/../native}. Any other jar stays as it was published, to the byte.
 *
 * <p>Prints a line for each jar that holds anything else, in class path order: {@code toolkit NAME}, {@code copied NAME} or
 * {@code stripped NAME}, and before it {@code native NAME FILE} for each library that was taken, or
 * {@code toolkit-native NAME FILE}.
 */
final class ImageJars {
    private static final LocalDateTime TIME = LocalDateTime.of(2026, 1, 1, 0, 0);

    /** Older class files get other stack maps in the toolkit. */
    private static final int STACK_MAPS_SINCE = 50;

    private final Path source;
    private final Path toolkitNatives;
    private final Path jars;
    private final Path natives;

    /** How a native library's name in its jar ends. */
    private final List<String> architecture;

    private ImageJars(Path source, Path toolkitNatives, Path jars, Path natives, List<String> architecture) {
        this.source = source;
        this.toolkitNatives = toolkitNatives;
        this.jars = jars;
        this.natives = natives;
        this.architecture = architecture;
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 6) {
            throw new IllegalArgumentException(
                    "usage: java ImageJars.java SOURCE CLASS_PATH TOOLKIT JARS NATIVE ARCHITECTURE");
        }
        List<String> architecture =
                switch (arguments[5]) {
                    case "amd64" -> List.of("_linux_x86_64.so", "_epoll_x86_64.so");
                    case "arm64" -> List.of("_linux_aarch_64.so", "_epoll_aarch_64.so");
                    default ->
                        throw new IllegalArgumentException("no native libraries are known for the architecture "
                                + arguments[5] + "; the images are built for amd64 and arm64");
                };
        Path toolkit = Path.of(arguments[2]);
        ImageJars images = new ImageJars(
                Path.of(arguments[0]),
                toolkit.resolveSibling("native"),
                Path.of(arguments[3]),
                Path.of(arguments[4]),
                architecture);
        for (String name : Files.readAllLines(Path.of(arguments[1]))) {
            if (Files.exists(toolkit.resolve(name))) {
                requireSameClasses(images.source.resolve(name), toolkit.resolve(name));
                System.out.println("toolkit " + name);
            } else {
                images.copy(name);
            }
        }
    }

    private static void requireSameClasses(Path jar, Path toolkit) throws IOException {
        Map<String, ClassEntry> classes = classes(jar);
        Map<String, ClassEntry> others = classes(toolkit);
        Set<String> names = new TreeSet<>(classes.keySet());
        names.addAll(others.keySet());
        for (String name : names) {
            ClassEntry published = classes.get(name);
            ClassEntry other = others.get(name);
            if (published == null
                    || other == null
                    || (published.version() >= STACK_MAPS_SINCE && published.checksum() != other.checksum())) {
                throw new IOException("the toolkit has another " + jar.getFileName() + ": " + name
                        + " differs; build it anew with base-images/build-toolkit from the same sources");
            }
        }
    }

    private record ClassEntry(int version, long checksum) {}

    private static Map<String, ClassEntry> classes(Path jar) throws IOException {
        Map<String, ClassEntry> classes = new HashMap<>();
        try (ZipFile file = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : file.stream().toList()) {
                if (entry.getName().endsWith(".class") && !entry.getName().startsWith("META-INF/versions/")) {
                    try (InputStream in = file.getInputStream(entry)) {
                        byte[] start = in.readNBytes(8);
                        int version = (start[6] & 0xff) << 8 | start[7] & 0xff;
                        classes.put(entry.getName(), new ClassEntry(version, entry.getCrc()));
                    }
                }
            }
        }
        return classes;
    }

    private void copy(String name) throws IOException {
        Path jar = source.resolve(name);
        try (ZipFile file = new ZipFile(jar.toFile())) {
            List<? extends ZipEntry> entries =
                    file.stream().filter(each -> !each.isDirectory()).toList();
            if (entries.stream().noneMatch(each -> isNative(each.getName()))) {
                Files.copy(jar, jars.resolve(name));
                System.out.println("copied " + name);
                return;
            }
            boolean taken = false;
            boolean classes = false;
            try (OutputStream out = Files.newOutputStream(jars.resolve(name));
                    ZipOutputStream zip = new ZipOutputStream(out)) {
                for (ZipEntry entry : entries) {
                    byte[] content;
                    try (InputStream in = file.getInputStream(entry)) {
                        content = in.readAllBytes();
                    }
                    if (isNative(entry.getName())) {
                        String library = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
                        if (Files.exists(toolkitNatives.resolve(library))) {
                            if (!taken) {
                                System.out.println("toolkit-native " + name + " " + library);
                            }
                            taken = true;
                        } else if (architecture.stream().anyMatch(library::endsWith)) {
                            Files.write(natives.resolve(library), content);
                            System.out.println("native " + name + " " + library);
                            taken = true;
                        }
                    } else {
                        classes |= entry.getName().endsWith(".class");
                        ZipEntry copied = new ZipEntry(entry.getName());
                        copied.setTimeLocal(TIME);
                        zip.putNextEntry(copied);
                        zip.write(content);
                        zip.closeEntry();
                    }
                }
            }
            if (!taken) {
                throw new IOException(name + " has native libraries, but none whose name ends in one of " + architecture
                        + "; a new version may have renamed them: correct ImageJars.java");
            }
            if (classes) {
                System.out.println("stripped " + name);
            } else {
                Files.delete(jars.resolve(name));
            }
        }
    }

    private static boolean isNative(String name) {
        return name.matches(".*\\.(so|a|dll|dylib|jnilib)");
    }
}
