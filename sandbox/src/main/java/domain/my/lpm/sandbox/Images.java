package domain.my.lpm.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The images that the nodes of a sandbox hold, made from the build root and cached below the work directory. */
public final class Images {
    private static final String PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final String BUSYBOX = "docker.io/library/busybox:1.37";
    private static final String DEBIAN = "docker.io/library/debian:13";
    private static final String PYTHON = "docker.io/library/python:3.13";
    private static final String JAVA = "docker.io/library/eclipse-temurin:25";

    private final Settings settings;
    private final Path scripts;
    private final Path directory;
    private final Map<String, Image> images = new ConcurrentHashMap<>();

    Images(Settings settings, Path scripts) {
        this.settings = settings;
        this.scripts = scripts;
        this.directory = settings.work().resolve("images");
        try {
            Files.createDirectories(directory);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot create the directory of images " + directory, error);
        }
        for (Image image : List.of(busybox(), debian(), python(), java())) {
            add(image);
        }
    }

    /** Busybox and nothing else, without any library: {@code docker.io/library/busybox:1.37}. */
    public Image busybox() {
        Path program = settings.buildRoot().resolve("usr/bin/busybox");
        Path root = cached("busybox-" + stamp(program), image -> {
            skeleton(image);
            Files.createDirectories(image.resolve("bin"));
            Files.copy(program, image.resolve("bin/busybox"), StandardCopyOption.COPY_ATTRIBUTES);
            Result list = Command.run(Patience.of(Duration.ofSeconds(10)), List.of(program.toString(), "--list"))
                    .orThrow();
            for (String applet : list.lines()) {
                if (!applet.equals("busybox")) {
                    Files.createSymbolicLink(image.resolve("bin/" + applet), Path.of("busybox"));
                }
            }
        });
        return new Image(BUSYBOX, List.of(root), List.of(), List.of("sh"), List.of(PATH), "/");
    }

    /** The build root as it is: {@code docker.io/library/debian:13}. */
    public Image debian() {
        return new Image(DEBIAN, List.of(settings.buildRoot()), List.of(), List.of("/bin/bash"), List.of(PATH), "/");
    }

    /** Debian with Python: {@code docker.io/library/python:3.13}. */
    public Image python() {
        return new Image(PYTHON, List.of(settings.buildRoot()), List.of(), List.of("python3"), List.of(PATH), "/");
    }

    /** Debian with a Java runtime: {@code docker.io/library/eclipse-temurin:25}. */
    public Image java() {
        Path home = only(settings.buildRoot().resolve("usr/lib/jvm"), "java-*-openjdk-*");
        String inside = "/" + settings.buildRoot().relativize(home);
        return new Image(
                JAVA,
                List.of(settings.buildRoot()),
                List.of(),
                List.of(inside + "/bin/jshell"),
                List.of(PATH, "JAVA_HOME=" + inside),
                "/");
    }

    /**
     * An image that holds one program at {@code /program}, compiled statically, and no library or shell.
     *
     * @param name as pod specs shall name it
     * @param source C source text
     * @throws SandboxException with the compiler's messages
     */
    public Image staticBinary(String name, String source) {
        Path program = compile("program", source, List.of("-static", "-pthread"));
        Path root = cached("static-" + key(program), image -> {
            skeleton(image);
            Files.copy(program, image.resolve("program"), StandardCopyOption.COPY_ATTRIBUTES);
        });
        return add(new Image(name, List.of(root), List.of("/program"), List.of(), List.of(PATH), "/"));
    }

    /**
     * Debian with a Java runtime and one program, compiled already: {@code java -cp /application Main} runs it.
     *
     * @param name as pod specs shall name it
     * @param source Java source text of the class {@code Main} without a package
     * @throws SandboxException with the compiler's messages
     */
    public Image javaProgram(String name, String source) {
        Image java = java();
        String key = UUID.nameUUIDFromBytes((java.id() + source).getBytes(StandardCharsets.UTF_8))
                .toString();
        Path layer = cached("java-" + key, image -> {
            Path application = Files.createDirectory(image.resolve("application"));
            Files.writeString(application.resolve("Main.java"), source);
            runCompiler(application, List.of("javac", "-Werror", "Main.java"));
        });
        return add(new Image(
                name,
                List.of(layer, java.lowerDirectories().get(0)),
                List.of(),
                List.of("java", "-cp", "/application", "Main"),
                java.environment(),
                "/"));
    }

    /**
     * The image of the entry: a toolkit's static entry where the toolkit has it, and nothing else.
     *
     * @param name as pod specs shall name it
     * @throws SandboxException when the sandbox has no toolkit
     */
    public Image entry(String name) {
        Path program = requireToolkit().resolve("usr/lib/lpm/entry");
        Path root = cached("entry-" + stamp(program), image -> {
            skeleton(image);
            Files.createDirectories(image.resolve("usr/lib/lpm"));
            Files.copy(program, image.resolve("usr/lib/lpm/entry"), StandardCopyOption.COPY_ATTRIBUTES);
        });
        return add(new Image(name, List.of(root), List.of("/usr/lib/lpm/entry"), List.of(), List.of(PATH), "/"));
    }

    /**
     * The toolkit's own image: a copy of its root file system, times included.
     *
     * @param name as pod specs shall name it
     * @throws SandboxException when the sandbox has no toolkit
     */
    public Image toolkit(String name) {
        Path toolkit = requireToolkit();
        Path root = cached(
                "toolkit-" + stamp(toolkit.resolve("usr/lib/lpm/launcher.aot")),
                image -> Command.run(Duration.ofMinutes(1), List.of("cp", "-a", toolkit + "/.", image.toString()))
                        .orThrow());
        return add(new Image(name, List.of(root), List.of(), List.of(), List.of("PATH=/usr/sbin:/usr/bin"), "/"));
    }

    private Path requireToolkit() {
        return settings.installedToolkit()
                .orElseThrow(() -> new SandboxException("the sandbox has no toolkit at " + settings.toolkit()
                        + ": make it by base-images/build-toolkit"));
    }

    /** Makes an image known by its name. */
    public Image add(Image image) {
        images.put(image.name(), image);
        return image;
    }

    /**
     * The image of this name.
     *
     * @throws SandboxException when there is none
     */
    public Image get(String name) {
        Image image = images.get(name);
        if (image == null) {
            throw new SandboxException("the sandbox has no image '" + name + "': it has "
                    + String.join(", ", images.keySet().stream().sorted().toList()) + "; add it with Images.add");
        }
        return image;
    }

    /** Where a lower directory is found on every node. */
    String onNode(Path lowerDirectory) {
        if (lowerDirectory.startsWith(directory)) {
            return "/images/" + directory.relativize(lowerDirectory);
        }
        if (lowerDirectory.startsWith(settings.buildRoot())) {
            return "/build-root/" + settings.buildRoot().relativize(lowerDirectory);
        }
        throw new SandboxException("the layer " + lowerDirectory + " lies neither below " + directory + " nor below "
                + settings.buildRoot() + ": nodes see no other directory; copy it there");
    }

    /** The name under which a cached file's directory is kept. */
    String key(Path cached) {
        return directory.relativize(cached).getName(0).toString();
    }

    Path directory() {
        return directory;
    }

    /** Fills a directory that takes its place only when it is complete. */
    interface Filler {
        void fill(Path directory) throws IOException;
    }

    /** The cached directory of this name, made when missing; concurrent JVMs may share the cache. */
    Path cached(String name, Filler filler) {
        Path target = directory.resolve(name);
        if (Files.isDirectory(target)) {
            return target;
        }
        Path making = directory.resolve("." + name + "-" + UUID.randomUUID());
        try {
            Files.createDirectories(making);
            filler.fill(making);
            Files.setPosixFilePermissions(making, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(making, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException another) {
            remove(making);
        } catch (IOException error) {
            remove(making);
            if (!Files.isDirectory(target)) {
                throw new UncheckedIOException("cannot make " + target, error);
            }
        } catch (RuntimeException failure) {
            remove(making);
            throw failure;
        }
        return target;
    }

    /** Compiles C with the build root's compiler; returns the cached program {@code name}. */
    Path compile(String name, String source, List<String> options) {
        String key = UUID.nameUUIDFromBytes((name + options + source).getBytes(StandardCharsets.UTF_8))
                .toString();
        return cached(key, work -> {
                    Files.writeString(work.resolve("source.c"), source);
                    List<String> gcc = List.of("gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", name);
                    runCompiler(work, Command.concat(Command.concat(gcc, options), List.of("source.c")));
                })
                .resolve(name);
    }

    private void runCompiler(Path work, List<String> command) {
        List<String> script = List.of(
                "sh",
                scripts.resolve("compile").toString(),
                settings.buildRoot().toString(),
                work.toString());
        Command.run(Patience.of(Duration.ofMinutes(1)), Command.concat(script, command))
                .orThrow();
    }

    private static void skeleton(Path image) throws IOException {
        for (String name : List.of("dev", "etc", "home", "proc", "root", "run", "sys", "var")) {
            Files.createDirectories(image.resolve(name));
        }
        Files.createDirectories(image.resolve("tmp"));
        Command.run(
                        Patience.of(Duration.ofSeconds(10)),
                        List.of("chmod", "1777", image.resolve("tmp").toString()))
                .orThrow();
        Files.writeString(image.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
        Files.writeString(image.resolve("etc/group"), "root:x:0:\n");
    }

    private static String stamp(Path file) {
        try {
            return Files.size(file) + "-" + Files.getLastModifiedTime(file).toMillis();
        } catch (IOException error) {
            throw new UncheckedIOException("the build root lacks " + file + ": build it again", error);
        }
    }

    private static Path only(Path parent, String pattern) {
        try (Stream<Path> found = Files.list(parent)) {
            return found.filter(path -> path.getFileSystem()
                            .getPathMatcher("glob:" + pattern)
                            .matches(path.getFileName()))
                    .min(Comparator.comparing(Path::toString))
                    .orElseThrow(() -> new SandboxException(
                            "the build root lacks " + parent.resolve(pattern) + ": build it again"));
        } catch (IOException error) {
            throw new UncheckedIOException("the build root lacks " + parent + ": build it again", error);
        }
    }

    static void remove(Path tree) {
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot remove " + tree, error);
        }
    }
}
