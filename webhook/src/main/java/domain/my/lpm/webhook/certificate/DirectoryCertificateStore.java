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
import java.security.cert.X509Certificate;
import java.util.List;
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
    private static final String CERTIFICATE = "tls.crt";
    private static final String KEY = "tls.key";
    private static final String AUTHORITIES = "ca.crt";
    private static final String AUTHORITY_KEY = "ca.key";
    private static final List<String> FILES = List.of(CERTIFICATE, KEY, AUTHORITIES, AUTHORITY_KEY);
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
        Optional<String> certificate = text(base, CERTIFICATE);
        Optional<String> key = text(base, KEY);
        if (certificate.isEmpty() && key.isEmpty()) {
            return Optional.empty();
        }
        Identity serving = identity(
                KEY, required(key, KEY), CERTIFICATE, certificates(CERTIFICATE, required(certificate, CERTIFICATE)));
        Optional<String> authorities = text(base, AUTHORITIES);
        List<X509Certificate> trusted =
                authorities.isPresent() ? certificates(AUTHORITIES, authorities.get()) : List.of();
        Optional<String> authorityKey = text(base, AUTHORITY_KEY);
        Optional<Identity> signer = authorityKey.isPresent()
                ? Optional.of(identity(
                        AUTHORITY_KEY,
                        authorityKey.get(),
                        AUTHORITIES,
                        trusted.stream().limit(1).toList()))
                : Optional.empty();
        return Optional.of(new Credentials(serving, trusted, signer));
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
        write(version.resolve(CERTIFICATE), Pem.certificates(made.serving().chain()));
        write(version.resolve(KEY), Pem.key(made.serving().key()));
        write(version.resolve(AUTHORITIES), Pem.certificates(made.trusted()));
        if (made.signer().isPresent()) {
            write(version.resolve(AUTHORITY_KEY), Pem.key(made.signer().get().key()));
        }
        Path data = directory.resolve(DATA);
        Optional<Path> former =
                Files.exists(data) ? Optional.of(data.toRealPath().getFileName()) : Optional.empty();
        Path link = directory.resolve("..data-next");
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, version.getFileName());
        Files.move(link, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        for (String name : FILES) {
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

    private static Optional<String> text(Path base, String name) throws IOException {
        try {
            return Optional.of(Files.readString(base.resolve(name)));
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        }
    }

    private String required(Optional<String> text, String name) throws IOException {
        return text.orElseThrow(() -> new IOException("%s is missing; put both %s and %s there, or neither"
                .formatted(directory.resolve(name), CERTIFICATE, KEY)));
    }

    private List<X509Certificate> certificates(String name, String text) throws IOException {
        try {
            return Pem.readCertificates(text);
        } catch (IOException damaged) {
            throw new IOException(
                    "%s is no use: %s; put it there anew".formatted(directory.resolve(name), damaged.getMessage()),
                    damaged);
        }
    }

    private Identity identity(String keyName, String key, String certificateName, List<X509Certificate> chain)
            throws IOException {
        try {
            return new Identity(Pem.readKey(key), chain);
        } catch (IOException | IllegalArgumentException unfit) {
            throw new IOException(
                    "%s and %s are no use: %s; put both there anew"
                            .formatted(
                                    directory.resolve(keyName), directory.resolve(certificateName), unfit.getMessage()),
                    unfit);
        }
    }
}
