import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Copies the launcher's jars as the toolkit carries them: {@code java LauncherJars.java SOURCE JARS NATIVE ARCHITECTURE}.
 *
 * <p>The manifest of the launcher's own jar names the others. Native libraries are taken out of the jars, so that nothing
 * is unpacked when the launcher starts: those for Linux on ARCHITECTURE ({@code amd64} or {@code arm64}) go to NATIVE, the
 * others are dropped. Class files stay as they are, stored without compression, with one time stamp for all. Prints the
 * file names of the copies in class path order.
 */
final class LauncherJars {
    private static final LocalDateTime TIME = LocalDateTime.of(2026, 1, 1, 0, 0);

    private final Path source;
    private final Path jars;
    private final Path natives;
    private final List<String> nativeFolders;
    private final ClassFile classFile;

    private LauncherJars(Path source, Path jars, Path natives, List<String> nativeFolders) throws IOException {
        this.source = source;
        this.classFile = ClassFile.of(
                ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                ClassFile.ClassHierarchyResolverOption.of(
                        ClassHierarchyResolver.ofResourceParsing(new URLClassLoader(urls(source)))
                                .orElse(ClassHierarchyResolver.defaultResolver())));
        this.jars = jars;
        this.natives = natives;
        this.nativeFolders = nativeFolders;
    }

    private static URL[] urls(Path source) throws IOException {
        List<URL> urls = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(source, "*.jar")) {
            for (Path file : files) {
                urls.add(file.toUri().toURL());
            }
        }
        return urls.toArray(URL[]::new);
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 4) {
            throw new IllegalArgumentException("usage: java LauncherJars.java SOURCE JARS NATIVE ARCHITECTURE");
        }
        // The folders of JNA, jffi and zstd-jni.
        List<String> folders =
                switch (arguments[3]) {
                    case "amd64" -> List.of("com/sun/jna/linux-x86-64/", "jni/x86_64-Linux/", "linux/amd64/");
                    case "arm64" -> List.of("com/sun/jna/linux-aarch64/", "jni/aarch64-Linux/", "linux/aarch64/");
                    default ->
                        throw new IllegalArgumentException("no native libraries are known for the architecture "
                                + arguments[3] + "; the toolkit is built for amd64 and arm64");
                };
        new LauncherJars(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]), folders).copyAll();
    }

    private void copyAll() throws IOException {
        List<Path> own;
        try (Stream<Path> files = Files.list(source)) {
            own = files.filter(file -> file.getFileName().toString().matches("restore-launcher-[^/]*\\.jar"))
                    .toList();
        }
        if (own.size() != 1) {
            throw new IOException("one restore-launcher jar is needed, found " + own + "; empty the directory and run"
                    + " ./mvnw package again");
        }
        List<String> names = new ArrayList<>();
        names.add(own.get(0).getFileName().toString());
        names.addAll(classPath(own.get(0)));
        for (String name : names) {
            if (copy(name)) {
                System.out.println(name);
            }
        }
        try (Stream<Path> taken = Files.list(natives)) {
            if (taken.count() != nativeFolders.size()) {
                throw new IOException("a native library is missing: expected one from each of " + nativeFolders
                        + "; a new version of JNA, jffi or zstd-jni may have moved it");
            }
        }
    }

    private static List<String> classPath(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            String names = file.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            if (names == null) {
                throw new IOException(jar + " names no Class-Path; package the launcher with the project's pom.xml");
            }
            return List.of(names.trim().split(" +"));
        }
    }

    /** Returns whether the jar holds anything but native libraries. */
    private boolean copy(String name) throws IOException {
        Path copy = jars.resolve(name);
        boolean classes = false;
        try (ZipFile jar = new ZipFile(source.resolve(name).toFile());
                OutputStream out = Files.newOutputStream(copy);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setMethod(ZipOutputStream.STORED);
            for (ZipEntry entry : jar.stream().filter(each -> !each.isDirectory() && !each.getName().startsWith("META-INF/versions/")).toList()) {
                byte[] content;
                try (InputStream in = jar.getInputStream(entry)) {
                    content = in.readAllBytes();
                }
                if (isNative(entry.getName())) {
                    take(entry.getName(), content);
                } else if (entry.getName().endsWith(".class")) {
                    store(zip, entry.getName(), archivable(content));
                    classes = true;
                } else {
                    store(zip, entry.getName(), content);
                }
            }
        }
        if (!classes) {
            Files.delete(copy);
        }
        return classes;
    }

    /** The class as it is or, when it is older than class files with stack maps (Java 6), brought to that version. */
    private byte[] archivable(byte[] content) {
        ClassModel model = classFile.parse(content);
        if (model.majorVersion() >= ClassFile.JAVA_6_VERSION) {
            return content;
        }
        return classFile.transformClass(
                model,
                ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
                        .andThen(ClassTransform.endHandler(each -> each.withVersion(ClassFile.JAVA_6_VERSION, 0))));
    }

    private static boolean isNative(String name) {
        return name.matches(".*\\.(so|a|dll|dylib|jnilib)");
    }

    private void take(String name, byte[] content) throws IOException {
        if (nativeFolders.stream().anyMatch(name::startsWith)) {
            // The zstd-jni file carries its version in its name, and is named to it in full; one name for all versions.
            String file = name.substring(name.lastIndexOf('/') + 1).replaceFirst("^libzstd-jni-.*", "libzstd-jni.so");
            Files.write(natives.resolve(file), content);
        }
    }

    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 checksum = new CRC32();
        checksum.update(content);
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(TIME);
        entry.setSize(content.length);
        entry.setCrc(checksum.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
