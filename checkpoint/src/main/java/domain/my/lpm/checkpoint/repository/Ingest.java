package domain.my.lpm.checkpoint.repository;

import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Decompression;
import domain.my.lpm.checkpoint.archive.EntryName;
import domain.my.lpm.checkpoint.archive.Reason;
import domain.my.lpm.checkpoint.archive.TarEntry;
import domain.my.lpm.checkpoint.archive.TarReader;
import domain.my.lpm.checkpoint.archive.TarWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.io.input.CloseShieldInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Stores a checkpoint in the repository. All is written under a temporary name, and the mark of completeness last: after
 * a crash there is no checkpoint, and storing it again starts over. The caller sees to it that no two ingests of the same
 * checkpoint run at once.
 *
 * <p>One thread reads; others hash, compress and write. Memory does not grow with the checkpoint but for 32 bytes of
 * digest for every 4 MiB, twice.
 */
public final class Ingest {
    private static final String ORIGIN_REMEDY = "refuse the checkpoint unless its origin is certain";

    private final CheckpointUri uri;
    private final String thing;
    private final Provenance provenance;
    private final Options options;
    private final Path partial;
    private final RuntimeHints hints = new RuntimeHints();
    private final List<StoredFile> files = new ArrayList<>();
    private final List<Path> extracted = new ArrayList<>();
    private final Set<String> fileNames = new HashSet<>();
    private final Set<String> directoryNames = new HashSet<>();
    private final Set<String> parentNames = new HashSet<>();

    private Ingest(CheckpointUri uri, Provenance provenance, Options options, Path partial) {
        this.uri = uri;
        this.thing = uri.toString();
        this.provenance = provenance;
        this.options = options;
        this.partial = partial;
    }

    /**
     * Stores a checkpoint.
     *
     * @param source where it comes from
     * @param repository the repository's root
     * @param uri the name it gets
     * @param provenance what is known of it; what an archive itself says of its owner must agree, and what it says of its
     *     runtime counts
     * @param signer signs the manifest
     * @return the stored checkpoint
     * @throws CheckpointException if the source is malformed, beyond a limit, or of another owner, if there is a complete
     *     checkpoint of this name, or if reading or writing fails; nothing of the checkpoint is left then
     */
    public static StoredContainer run(
            ArchiveSource source,
            Path repository,
            CheckpointUri uri,
            Provenance provenance,
            ManifestSigner signer,
            Options options) {
        Path target = uri.directory(repository);
        Path partial = partial(target, uri);
        try {
            if (Files.exists(target.resolve(Layout.COMPLETE))) {
                throw new CheckpointException(
                        Reason.EXISTS,
                        uri.toString(),
                        "there is a complete checkpoint of this name",
                        "choose another checkpoint id, or delete it first");
            }
            recoverImages(source, partial, target);
            Durable.delete(partial);
            Durable.delete(target);
            Durable.createDirectories(partial);
            try {
                Manifest manifest = new Ingest(uri, provenance, options, partial).store(source, signer);
                if (options.durability() == Durability.BEFORE_COMPLETE) {
                    Durable.syncDirectories(partial);
                }
                Durable.move(partial, target, options.durability());
                Durable.replace(target.resolve(Layout.COMPLETE), new byte[0], options.durability());
                options.durability().syncDirectory(target);
                return new StoredContainer(target, manifest);
            } catch (IOException | RuntimeException | Error problem) {
                abandon(source, partial, target, problem);
                throw problem;
            }
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri.toString(), problem);
        }
    }

    /** Where a checkpoint is written before it is at its place. */
    static Path partial(Path target, CheckpointUri uri) {
        return target.resolveSibling("." + uri.container() + ".partial");
    }

    private static void abandon(ArchiveSource source, Path partial, Path target, Throwable problem) {
        try {
            recoverImages(source, partial, target);
            Durable.delete(partial);
            Durable.delete(target);
        } catch (IOException again) {
            problem.addSuppressed(again);
        }
    }

    /** Moves images back that an ingest had taken and not completed: they may be the only copy of the dump. */
    private static void recoverImages(ArchiveSource source, Path partial, Path target) throws IOException {
        if (!(source instanceof ArchiveSource.Directory directory) || Files.exists(directory.images())) {
            return;
        }
        for (Path leftover : List.of(partial, target)) {
            Path images = leftover.resolve(Layout.IMAGES);
            if (Files.isDirectory(images, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(images, directory.images(), StandardCopyOption.ATOMIC_MOVE);
                return;
            }
        }
    }

    private Manifest store(ArchiveSource source, ManifestSigner signer) throws IOException {
        List<Frame> frames;
        try (@Nullable
                        FileChannel archive =
                                options.form().isCompressed() ? Durable.create(partial.resolve(Layout.ARCHIVE)) : null;
                FramePipeline pipeline = new FramePipeline(archive, options.level(), options.threads());
                Filler filler = new Filler(pipeline)) {
            if (source instanceof ArchiveSource.TarFile tar) {
                storeTar(tar.file(), filler);
            } else if (source instanceof ArchiveSource.TarStream tar) {
                try (TarReader reader = new TarReader(
                        thing,
                        Decompression.open(thing, CloseShieldInputStream.wrap(tar.stream()), options.limits()),
                        options.limits())) {
                    storeTar(reader, filler);
                }
            } else if (source instanceof ArchiveSource.Directory directory) {
                storeDirectory(directory, filler);
            }
            filler.end();
            frames = pipeline.finish();
            if (archive != null) {
                options.durability().force(archive);
            }
        }
        if (options.durability() == Durability.BEFORE_COMPLETE) {
            for (Path file : extracted) {
                Durable.sync(file);
            }
        }
        hints.check(thing, provenance.owner());
        String runtime = hints.runtime().orElse(provenance.runtime());
        Manifest manifest = new Manifest(uri, provenance.withRuntime(runtime), options.form(), files, frames);
        byte[] json = ManifestJson.write(manifest);
        Durable.write(partial.resolve(Layout.MANIFEST), json, options.durability());
        Durable.write(partial.resolve(Layout.SIGNATURE), SignatureFile.sign(signer, json), options.durability());
        return manifest;
    }

    private void storeTar(Path file, Filler filler) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(
                    Reason.MISSING,
                    file.toString(),
                    "there is no such archive file",
                    "name the archive of a checkpoint");
        }
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try (channel) {
            ByteBuffer start = ByteBuffer.allocate(4);
            channel.read(start, 0);
            boolean compressed = Decompression.isCompressed(start.array());
            try (TarReader reader = compressed
                    ? new TarReader(
                            thing,
                            Decompression.open(thing, Channels.newInputStream(channel), options.limits()),
                            options.limits())
                    : new TarReader(thing, channel, options.limits())) {
                storeTar(reader, filler);
            }
        }
    }

    private void storeTar(TarReader reader, Filler filler) throws IOException {
        @Nullable TarEntry entry;
        while ((entry = reader.next()) != null) {
            String name = EntryName.normalize(thing, entry.name());
            switch (entry.type()) {
                case DIRECTORY -> {
                    if (!name.isEmpty()) {
                        requireNew(name, directoryNames.add(name) && !fileNames.contains(name));
                        addParents(name);
                    }
                    filler.putHeader(reader.rawHeader());
                }
                case FILE -> {
                    filler.putHeader(reader.rawHeader());
                    store(name, entry.size(), reader.padding(), reader::read, filler, true);
                }
                case SYMBOLIC_LINK, HARD_LINK, CHARACTER_DEVICE, BLOCK_DEVICE, FIFO ->
                    throw new CheckpointException(
                            Reason.UNSAFE_ENTRY,
                            thing,
                            "entry '" + name + "' is neither a file nor a directory (" + entry.type() + ")",
                            ORIGIN_REMEDY);
            }
        }
        if (files.isEmpty()) {
            throw new CheckpointException(
                    Reason.MALFORMED, thing, "the archive has no files", "take the checkpoint again");
        }
    }

    private void storeDirectory(ArchiveSource.Directory source, Filler filler) throws IOException {
        boolean moved = options.form().isExtracted() && moveImages(source.images());
        Path images = moved ? partial.resolve(Layout.IMAGES) : source.images();
        if (!Files.isDirectory(images)) {
            throw new CheckpointException(
                    Reason.MISSING,
                    images.toString(),
                    "there is no such directory of images",
                    "take the checkpoint again");
        }
        Map<String, Path> sources = new TreeMap<>();
        try (Stream<Path> listed = Files.list(images)) {
            for (Path image : (Iterable<Path>) listed::iterator) {
                sources.put(Layout.IMAGE_PREFIX + image.getFileName(), image);
            }
        }
        if (sources.isEmpty()) {
            throw new CheckpointException(
                    Reason.MALFORMED, images.toString(), "there are no images", "take the checkpoint again");
        }
        long bytes = storeFiles(sources, moved, 0, filler);
        // Asked for while the images, which have the memory, are hashed by others.
        storeFiles(new TreeMap<>(source.otherFiles().get()), false, bytes, filler);
    }

    private long storeFiles(Map<String, Path> sources, boolean inPlace, long before, Filler filler) throws IOException {
        if (files.size() + sources.size() > options.limits().maximumEntries()) {
            throw tooLarge("it has more than " + options.limits().maximumEntries() + " files");
        }
        long total = before;
        for (Map.Entry<String, Path> item : sources.entrySet()) {
            Path file = item.getValue();
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new CheckpointException(
                        Reason.UNSAFE_ENTRY, thing, "'" + file + "' is no regular file", ORIGIN_REMEDY);
            }
            String name = EntryName.normalize(thing, item.getKey());
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
                long size = channel.size();
                total += size;
                if (total > options.limits().maximumTotalBytes()) {
                    throw tooLarge("it has more than " + options.limits().maximumTotalBytes() + " bytes");
                }
                if (inPlace) {
                    extracted.add(file);
                }
                if (inPlace && !options.form().isCompressed()) {
                    digestInPlace(name, file, size, filler);
                    options.bytesRead().accept(total);
                    continue;
                }
                if (options.form().isCompressed()) {
                    filler.putHeader(TarWriter.header(new TarEntry(
                            name,
                            TarEntry.Type.FILE,
                            size,
                            0600,
                            0,
                            0,
                            provenance.createdAt().getEpochSecond(),
                            0,
                            "",
                            0,
                            0,
                            Map.of())));
                }
                store(
                        name,
                        size,
                        (int) (-size & (TarReader.BLOCK - 1)),
                        into -> readFile(channel, file, into),
                        filler,
                        !inPlace);
            }
        }
        return total;
    }

    private void digestInPlace(String name, Path file, long size, Filler filler) {
        requireAcceptable(name, size);
        Digests digests = new Digests();
        int index = 0;
        for (long done = 0; done < size; index++) {
            int length = (int) Math.min(StoredFile.CHUNK, size - done);
            filler.pipeline.digest(new FramePipeline.InPlace(file, digests, index, length));
            done += length;
        }
        files.add(new StoredFile(name, size, -1, digests));
    }

    private boolean moveImages(Path images) throws IOException {
        try {
            Files.move(images, partial.resolve(Layout.IMAGES), StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (NoSuchFileException missing) {
            return false;
        } catch (IOException otherFileSystem) {
            // Then they are copied.
            return false;
        }
    }

    private int readFile(FileChannel channel, Path file, ByteBuffer into) throws IOException {
        int before = into.position();
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw FramePipeline.shortened(file);
            }
        }
        return into.position() - before;
    }

    /** Reads content until the buffer is full. */
    private interface Content {
        int read(ByteBuffer into) throws IOException;
    }

    private void store(String name, long size, int padding, Content content, Filler filler, boolean extract)
            throws IOException {
        requireAcceptable(name, size);
        boolean hint = name.equals(RuntimeHints.SPEC) || name.equals(RuntimeHints.CONFIG);
        if (hint && size > RuntimeHints.MAXIMUM_BYTES) {
            throw tooLarge("file " + name + " has " + size + " bytes, the limit is " + RuntimeHints.MAXIMUM_BYTES);
        }
        Digests digests = new Digests();
        FramePipeline.@Nullable Output output = null;
        if (extract && options.form().isExtracted()) {
            Path file = partial.resolve(Layout.extractedName(name));
            Durable.createDirectories(Objects.requireNonNull(file.getParent()));
            output = filler.pipeline.output(file);
            extracted.add(file);
        }
        filler.fit((int) Math.min(size, Frame.MAXIMUM_LENGTH));
        long offset = filler.position();
        int index = 0;
        for (long done = 0; done < size; index++) {
            int length = (int) Math.min(StoredFile.CHUNK, size - done);
            filler.fit(length);
            ByteBuffer chunk = filler.chunk(digests, index, length, output);
            content.read(chunk);
            if (hint) {
                byte[] bytes = new byte[length];
                chunk.flip().get(bytes);
                hints.read(thing, name, bytes);
                hints.check(thing, provenance.owner());
            }
            done += length;
            options.bytesRead().accept(filler.position());
        }
        if (options.form().isCompressed()) {
            filler.putZeros(padding);
        }
        if (output != null) {
            output.release();
        }
        files.add(new StoredFile(name, size, options.form().isCompressed() ? offset : -1, digests));
    }

    private void requireAcceptable(String name, long size) {
        requireNew(
                name,
                !name.isEmpty()
                        && fileNames.add(name)
                        && !directoryNames.contains(name)
                        && !parentNames.contains(name));
        addParents(name);
        if (size > options.limits().maximumBytes(name)) {
            throw tooLarge("file " + name + " has " + size + " bytes, the limit is "
                    + options.limits().maximumBytes(name));
        }
    }

    private void requireNew(String name, boolean isNew) {
        if (!isNew) {
            throw new CheckpointException(
                    Reason.UNSAFE_ENTRY, thing, "the archive has the entry '" + name + "' twice", ORIGIN_REMEDY);
        }
    }

    /** The directories above a file exist even where the archive has no entry for them; none may be a file. */
    private void addParents(String name) {
        for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
            String parent = name.substring(0, slash);
            if (fileNames.contains(parent)) {
                throw new CheckpointException(
                        Reason.UNSAFE_ENTRY,
                        thing,
                        "the archive has '" + parent + "' both as a file and as a directory",
                        ORIGIN_REMEDY);
            }
            parentNames.add(parent);
        }
    }

    private CheckpointException tooLarge(String problem) {
        return new CheckpointException(
                Reason.TOO_LARGE, thing, problem, "raise the limit only if the checkpoint's origin is certain");
    }

    /** Fills frames so that no chunk of a file crosses two. */
    private static final class Filler implements AutoCloseable {
        private final FramePipeline pipeline;
        private @Nullable ByteBuffer buffer;
        private List<FramePipeline.Chunk> chunks = new ArrayList<>();

        private Filler(FramePipeline pipeline) {
            this.pipeline = pipeline;
        }

        private ByteBuffer buffer() throws IOException {
            if (buffer == null) {
                buffer = pipeline.take();
            }
            return buffer;
        }

        /** Where in the uncompressed archive the next byte goes. */
        private long position() {
            return pipeline.uncompressedBytes() + (buffer == null ? 0 : buffer.position());
        }

        private void flush() {
            if (buffer != null && buffer.position() > 0) {
                pipeline.submit(buffer, chunks);
                buffer = null;
                chunks = new ArrayList<>();
            }
        }

        /** Begins a new frame if {@code length} bytes, at most a whole frame, do not fit into the present one. */
        private void fit(int length) throws IOException {
            if (buffer().remaining() < length) {
                flush();
            }
        }

        private void putHeader(byte[] bytes) throws IOException {
            put(ByteBuffer.wrap(bytes));
        }

        private void putZeros(int count) throws IOException {
            put(ByteBuffer.allocate(count));
        }

        private void put(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                if (!buffer().hasRemaining()) {
                    flush();
                }
                ByteBuffer into = buffer();
                int length = Math.min(into.remaining(), bytes.remaining());
                into.put(bytes.slice(bytes.position(), length));
                bytes.position(bytes.position() + length);
            }
        }

        /** Room for a chunk, which the caller fills before anything else. */
        private ByteBuffer chunk(Digests digests, int index, int length, FramePipeline.@Nullable Output output)
                throws IOException {
            ByteBuffer into = buffer();
            int offset = into.position();
            chunks.add(new FramePipeline.Chunk(digests, index, offset, length, output));
            into.position(offset + length);
            if (output != null) {
                output.expect();
            }
            return into.slice(offset, length);
        }

        private void end() throws IOException {
            putZeros(2 * TarReader.BLOCK);
            flush();
        }

        @Override
        public void close() {
            if (buffer != null) {
                pipeline.giveBack(buffer);
                buffer = null;
            }
        }
    }
}
