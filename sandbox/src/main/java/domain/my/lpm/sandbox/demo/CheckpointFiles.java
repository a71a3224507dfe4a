package domain.my.lpm.sandbox.demo;

import domain.my.lpm.checkpoint.archive.Decompression;
import domain.my.lpm.checkpoint.archive.Limits;
import domain.my.lpm.checkpoint.archive.TarEntry;
import domain.my.lpm.checkpoint.archive.TarReader;
import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.inspect.Inspection;
import domain.my.lpm.checkpoint.inspect.Inspector;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.StoredFile;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import domain.my.lpm.sandbox.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The files of a checkpoint that an inspection needs, wherever it lies. Memory is never read or copied. */
final class CheckpointFiles implements AutoCloseable {
    private static final String PREFIX = "checkpoint/";
    private static final String CONFIG = "config.dump";
    private static final String SPEC = "spec.dump";
    private static final Pattern IMAGE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");
    private static final long MAXIMUM_BYTES = 1L << 30;
    private static final int MAXIMUM_METADATA = 16 << 20;

    private final Path images;
    private final boolean temporary;
    private final List<String> remarks = new ArrayList<>();
    private byte @Nullable [] config;
    private byte @Nullable [] spec;

    private CheckpointFiles(Path images, boolean temporary) {
        this.images = images;
        this.temporary = temporary;
    }

    /**
     * Finds a checkpoint.
     *
     * @param name a path or a {@code shared://} URI
     * @param repository where such URIs lead
     * @param keys whose signatures count
     * @throws RuntimeException when it is not there or cannot be read; the message says why
     */
    static CheckpointFiles open(String name, @Nullable Path repository, TrustedKeys keys) {
        try {
            if (name.startsWith("shared://")) {
                if (repository == null) {
                    throw new SandboxException(name + " lies in a repository: name its directory by --repository");
                }
                return stored(repository, CheckpointUri.parse(name), keys);
            }
            Path path = Path.of(name).toAbsolutePath().normalize();
            if (!Files.exists(path)) {
                throw new SandboxException("there is no " + path + ": name a checkpoint's archive or directory");
            }
            if (!Files.isDirectory(path)) {
                return archive(path);
            }
            if (Files.exists(path.resolve("manifest.json")) && path.getNameCount() > 3) {
                int names = path.getNameCount();
                return stored(
                        path.resolve("../../..").normalize(),
                        new CheckpointUri(
                                path.getName(names - 3).toString(),
                                path.getName(names - 2).toString(),
                                path.getName(names - 1).toString()),
                        keys);
            }
            if (Files.exists(path.resolve("inventory.img"))) {
                return plain(path, path.getParent());
            }
            if (Files.exists(path.resolve(PREFIX + "inventory.img"))) {
                return plain(path.resolve(PREFIX), path);
            }
            throw new SandboxException(
                    path + " is no checkpoint: it has no inventory.img, no checkpoint/inventory.img and no"
                            + " manifest.json; name a directory that has");
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read " + name + ": " + error.getMessage(), error);
        }
    }

    private static CheckpointFiles plain(Path images, @Nullable Path metadata) throws IOException {
        CheckpointFiles files = new CheckpointFiles(images, false);
        if (metadata != null) {
            files.config = read(metadata.resolve(CONFIG));
            files.spec = read(metadata.resolve(SPEC));
        }
        return files;
    }

    private static byte @Nullable [] read(Path file) throws IOException {
        return Files.isRegularFile(file) && Files.size(file) <= MAXIMUM_METADATA ? Files.readAllBytes(file) : null;
    }

    private static CheckpointFiles stored(Path repository, CheckpointUri uri, TrustedKeys keys) throws IOException {
        Repository.Inspection found = new Repository(repository).inspect(uri, keys);
        StoredContainer stored = found.container();
        CheckpointFiles files = new CheckpointFiles(Files.createTempDirectory("inspect"), true);
        try {
            long total = 0;
            for (StoredFile file : stored.files()) {
                String name = file.name().substring(file.name().indexOf('/') + 1);
                if (file.name().startsWith(PREFIX) && IMAGE.matcher(name).matches()) {
                    if (isMemory(name)) {
                        files.placeholder(name, file.size());
                    } else {
                        total = plus(uri.toString(), total, file.size());
                        stored.copyVerified(file.name(), files.images.resolve(name));
                    }
                }
            }
            files.config = stored.file(CONFIG)
                    .map(file -> stored.read(CONFIG, MAXIMUM_METADATA))
                    .orElse(null);
            files.spec = stored.file(SPEC)
                    .map(file -> stored.read(SPEC, MAXIMUM_METADATA))
                    .orElse(null);
            files.remarks.add("Checkpoint " + uri);
            files.remarks.add("  of container " + stored.manifest().provenance().owner() + ", stored "
                    + stored.manifest().form() + ", signature " + found.signature()
                    + stored.claimedBy()
                            .map(claimant -> ", consumed by " + claimant)
                            .orElse(", not consumed"));
            files.remarks.add("");
            return files;
        } catch (IOException | RuntimeException failure) {
            files.close();
            throw failure;
        }
    }

    private static CheckpointFiles archive(Path path) throws IOException {
        String thing = path.toString();
        CheckpointFiles files = new CheckpointFiles(Files.createTempDirectory("inspect"), true);
        try (InputStream input = Decompression.open(thing, Files.newInputStream(path), Limits.DEFAULT);
                TarReader tar = new TarReader(thing, input, Limits.DEFAULT)) {
            long total = 0;
            for (TarEntry entry; (entry = tar.next()) != null; ) {
                String name = entry.name();
                if (entry.type() != TarEntry.Type.FILE) {
                    continue;
                }
                if (name.equals(CONFIG) || name.equals(SPEC)) {
                    total = plus(thing, total, entry.size());
                    byte[] content = tar.content().readAllBytes();
                    if (name.equals(CONFIG)) {
                        files.config = content;
                    } else {
                        files.spec = content;
                    }
                } else if (name.startsWith(PREFIX)
                        && IMAGE.matcher(name.substring(PREFIX.length())).matches()) {
                    String image = name.substring(PREFIX.length());
                    if (isMemory(image)) {
                        files.placeholder(image, entry.size());
                    } else {
                        total = plus(thing, total, entry.size());
                        Files.copy(tar.content(), files.images.resolve(image));
                    }
                }
            }
            if (!Files.exists(files.images.resolve("inventory.img"))) {
                throw new SandboxException(
                        thing + " is no runtime's checkpoint archive: it has no checkpoint/inventory.img;"
                                + " name what the kubelet's checkpoint API made");
            }
            return files;
        } catch (IOException | RuntimeException failure) {
            files.close();
            throw failure;
        }
    }

    private static boolean isMemory(String image) {
        return image.startsWith("pages-");
    }

    /** An inspection asks how large the memory is, not what is in it. */
    private void placeholder(String name, long size) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(images.resolve(name).toFile(), "rw")) {
            file.setLength(size);
        }
    }

    private static long plus(String thing, long total, long size) {
        if (total + size > MAXIMUM_BYTES) {
            throw new SandboxException(thing + " has more than " + MAXIMUM_BYTES
                    + " bytes of images beside its memory: refuse the checkpoint unless its origin is certain");
        }
        return total + size;
    }

    /** What is to be said of it beside its content. */
    List<String> remarks() {
        return remarks;
    }

    Inspection inspect() {
        return Inspector.inspect(CriuImages.open(images), config, spec);
    }

    @Override
    public void close() {
        if (!temporary) {
            return;
        }
        try (Stream<Path> files = Files.list(images)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(images);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot remove " + images, error);
        }
    }
}
