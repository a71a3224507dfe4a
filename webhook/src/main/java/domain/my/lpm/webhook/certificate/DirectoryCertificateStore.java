package domain.my.lpm.webhook.certificate;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * A directory of PEM files: {@code tls.crt}, {@code tls.key}, {@code ca.crt} and, where the authority is ours, {@code ca.key}.
 * It is laid out as the kubelet mounts a Secret: the names lead through the link {@code ..data} into a directory that is never
 * changed, so that one rename replaces all of them. A directory of plain files is read, too.
 */
public final class DirectoryCertificateStore implements CertificateStore {
    private static final String DATA = "..data";
    private static final String VERSION = "..version-";
    private static final FileAttribute<?> OWNER_ONLY_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> OWNER_ONLY_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path directory;

    public DirectoryCertificateStore(Path directory) {
        this.directory = directory;
    }

    @Override
    public Optional<Credentials> load() throws IOException {
        while (true) {
            Path version = version();
            try {
                Optional<Credentials> loaded = load(version);
                if (version().equals(version)) {
                    return loaded;
                }
            } catch (IOException unreadable) {
                if (version().equals(version)) {
                    throw unreadable;
                }
            }
            // It was replaced, and perhaps deleted, while it was read.
        }
    }

    private Path version() throws IOException {
        Path data = directory.resolve(DATA);
        return Files.exists(data) ? data.toRealPath() : directory;
    }

    private Optional<Credentials> load(Path base) throws IOException {
        Map<String, String> texts = new HashMap<>();
        for (String name : PemFiles.NAMES) {
            try {
                texts.put(name, Files.readString(base.resolve(name)));
            } catch (NoSuchFileException absent) {
                // It is not among the texts.
            }
        }
        return PemFiles.read(texts, name -> directory.resolve(name).toString());
    }

    @Override
    public boolean replace(Optional<Credentials> seen, Credentials made) throws IOException {
        // A file lock excludes other processes only.
        synchronized (DirectoryCertificateStore.class) {
            Files.createDirectories(directory, OWNER_ONLY_DIRECTORY);
            try (FileChannel file = FileChannel.open(
                            directory.resolve("..lock"),
                            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                            OWNER_ONLY_FILE);
                    FileLock lock = file.lock()) {
                if (!lock.isValid() || !load().equals(seen)) {
                    return false;
                }
                write(made);
                return true;
            }
        }
    }

    private void write(Credentials made) throws IOException {
        Path version = Files.createTempDirectory(directory, VERSION, OWNER_ONLY_DIRECTORY);
        for (Map.Entry<String, String> file : PemFiles.of(made).entrySet()) {
            write(version.resolve(file.getKey()), file.getValue());
        }
        Path data = directory.resolve(DATA);
        Optional<Path> former =
                Files.exists(data) ? Optional.of(data.toRealPath().getFileName()) : Optional.empty();
        Path link = directory.resolve("..data-next");
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, version.getFileName());
        Files.move(link, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        for (String name : PemFiles.NAMES) {
            Path entry = directory.resolve(name);
            if (!Files.isSymbolicLink(entry)) {
                Files.deleteIfExists(entry);
                Files.createSymbolicLink(entry, Path.of(DATA, name));
            }
        }
        deleteAllBut(version.getFileName(), former);
    }

    /** The former version stays until the next one, since somebody may be reading it. */
    private void deleteAllBut(Path version, Optional<Path> former) throws IOException {
        List<Path> old;
        try (Stream<Path> entries = Files.list(directory)) {
            old = entries.filter(entry -> entry.getFileName().toString().startsWith(VERSION))
                    .filter(entry -> !entry.getFileName().equals(version))
                    .filter(entry -> former.filter(entry.getFileName()::equals).isEmpty())
                    .toList();
        }
        for (Path entry : old) {
            FileUtils.deleteDirectory(entry.toFile());
        }
    }

    private static void write(Path file, String text) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_ONLY_FILE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }
}
