package domain.my.lpm.checkpoint.repository;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A container's stored checkpoint. No byte of a file is given out before it has been held against the manifest. Every
 * method throws {@link CheckpointException} if a file is missing, cannot be read, or is not what was signed. For use by
 * several threads.
 */
public final class StoredContainer {
    private static final int VERIFY_THREADS = 8;

    private static final String CORRUPT_REMEDY = "the storage or someone changed it; take the checkpoint again";

    private final Path directory;
    private final Manifest manifest;
    private final FrameReader frames;

    StoredContainer(Path directory, Manifest manifest) {
        this.directory = directory;
        this.manifest = manifest;
        this.frames = new FrameReader(
                manifest.uri() + "/" + Layout.ARCHIVE, directory.resolve(Layout.ARCHIVE), manifest.frames());
    }

    /** The checkpoint's name. */
    public CheckpointUri uri() {
        return manifest.uri();
    }

    /** What it is. */
    public Manifest manifest() {
        return manifest;
    }

    /** Where it is. */
    public Path directory() {
        return directory;
    }

    /** Whether its files lie there as plain files. */
    public boolean isExtracted() {
        return manifest.form().isExtracted();
    }

    /** Its files in the order of the archive. */
    public List<StoredFile> files() {
        return manifest.files();
    }

    /** The file of this name in the archive, such as {@code checkpoint/pages-1.img}. */
    public Optional<StoredFile> file(String name) {
        return manifest.file(name);
    }

    /** The content of a file, verified 4 MiB at a time before it is given out. */
    public InputStream open(String name) {
        return new FileStream(need(name));
    }

    /**
     * A whole file.
     *
     * @throws CheckpointException also if it has more than {@code maximumBytes} bytes
     */
    public byte[] read(String name, int maximumBytes) {
        StoredFile file = need(name);
        if (file.size() > maximumBytes) {
            throw new CheckpointException(
                    Reason.TOO_LARGE,
                    thing(file),
                    "it has " + file.size() + " bytes, the limit is " + maximumBytes,
                    "refuse the checkpoint unless its origin is certain");
        }
        byte[] bytes = new byte[(int) file.size()];
        int done = 0;
        while (done < bytes.length) {
            done += readAt(name, done, ByteBuffer.wrap(bytes, done, bytes.length - done));
        }
        return bytes;
    }

    /**
     * Copies a file into a new one, verifying what it copies; on failure the new file is deleted.
     *
     * @param target where the copy goes; must not be there
     */
    public void copyVerified(String name, Path target) {
        StoredFile file = need(name);
        try (FileChannel channel = Durable.create(target)) {
            ByteBuffer buffer = FrameBuffers.take();
            try {
                for (int i = 0; i < file.chunkCount(); i++) {
                    chunk(file, i, buffer);
                    Durable.writeFully(channel, buffer, (long) i * StoredFile.CHUNK);
                }
            } catch (IOException | RuntimeException | Error problem) {
                Files.deleteIfExists(target);
                throw problem;
            } finally {
                FrameBuffers.give(buffer);
            }
        } catch (IOException problem) {
            throw CheckpointException.unreadable(thing(file), problem);
        }
    }

    /**
     * Where the plain file lies. Its content is unverified; see {@link #verify} and {@link #copyVerified}.
     *
     * @throws CheckpointException if the checkpoint is stored in compressed form alone
     */
    public Path extracted(String name) {
        StoredFile file = need(name);
        if (!isExtracted()) {
            throw new CheckpointException(
                    Reason.MISSING,
                    thing(file),
                    "the checkpoint is stored in compressed form alone",
                    "extract it, or store it in extracted form");
        }
        return directory.resolve(Layout.extractedName(file.name()));
    }

    /** The directory of the images as plain files; see {@link #extracted}. */
    public Path extractedImages() {
        if (!isExtracted()) {
            throw new CheckpointException(
                    Reason.MISSING,
                    uri().toString(),
                    "the checkpoint is stored in compressed form alone",
                    "extract it, or store it in extracted form");
        }
        return directory.resolve(Layout.IMAGES);
    }

    /**
     * Reads part of a file; of the compressed form only the frames that hold it.
     *
     * @param offset where in the file to begin
     * @param into where the bytes go
     * @return the bytes read: as many as {@code into} has room for or the file has left, 0 at or after its end
     */
    public int readAt(String name, long offset, ByteBuffer into) {
        StoredFile file = need(name);
        if (offset < 0) {
            throw new IllegalArgumentException("a file has no byte " + offset + "; begin at 0 or later");
        }
        int wanted = (int) Math.min(into.remaining(), Math.max(0, file.size() - offset));
        try {
            if (!isExtracted()) {
                frames.read(file.tarOffset().orElseThrow() + offset, into, wanted);
                return wanted;
            }
            ByteBuffer buffer = FrameBuffers.take();
            try {
                int done = 0;
                while (done < wanted) {
                    int index = (int) ((offset + done) / StoredFile.CHUNK);
                    int start = (int) ((offset + done) % StoredFile.CHUNK);
                    chunk(file, index, buffer);
                    int length = Math.min(wanted - done, buffer.remaining() - start);
                    into.put(buffer.slice(start, length));
                    done += length;
                }
                return wanted;
            } finally {
                FrameBuffers.give(buffer);
            }
        } catch (IOException problem) {
            throw CheckpointException.unreadable(thing(file), problem);
        }
    }

    /** Verifies one file as it is stored; see {@link #verifyAll}. */
    public void verify(String name, Executor executor) {
        verifyAll(List.of(name), executor);
    }

    /**
     * Verifies files as they are stored, in every form that is stored, on the caller's thread and those of the executor.
     * Uses 8 MiB of memory at most.
     */
    public void verifyAll(Collection<String> names, Executor executor) {
        List<StoredFile> chosen = needAll(names);
        try {
            if (manifest.form().isCompressed()) {
                List<Frame> touched = frames.touched(chosen);
                ChunkWork.run(touched.size(), VERIFY_THREADS, executor, i -> frames.verify(touched.get(i)));
            }
            if (isExtracted()) {
                verifyExtracted(chosen, executor);
            }
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri().toString(), problem);
        }
    }

    private void verifyExtracted(List<StoredFile> chosen, Executor executor) throws IOException {
        int[] firsts = new int[chosen.size() + 1];
        for (int i = 0; i < chosen.size(); i++) {
            StoredFile file = chosen.get(i);
            requireSize(file);
            firsts[i + 1] = firsts[i] + file.chunkCount();
        }
        ChunkWork.run(firsts[chosen.size()], VERIFY_THREADS, executor, number -> {
            int found = Arrays.binarySearch(firsts, number);
            int index = found >= 0 ? found : -found - 2;
            while (firsts[index + 1] == firsts[index]) {
                index++;
            }
            verifyChunk(chosen.get(index), number - firsts[index]);
        });
    }

    private void requireSize(StoredFile file) throws IOException {
        Path path = extracted(file.name());
        try {
            long size = Files.size(path);
            if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) || size != file.size()) {
                throw corrupt(file, "it is no plain file of " + file.size() + " bytes");
            }
        } catch (NoSuchFileException missing) {
            throw missing(file, missing);
        }
    }

    private void verifyChunk(StoredFile file, int index) throws IOException {
        byte[] digest;
        try (FileChannel channel = openExtracted(file)) {
            try {
                digest = Sha256.of(channel, (long) index * StoredFile.CHUNK, file.chunkLength(index));
            } catch (EOFException shorter) {
                throw corrupt(file, "it ends after " + channel.size() + " of " + file.size() + " bytes");
            }
        }
        requireDigest(file, index, digest);
    }

    /**
     * Writes files as plain files, verified, below a directory: each at its name in the archive, such as
     * {@code checkpoint/pages-1.img}. Files already there are not replaced; on failure what was written stays.
     */
    public void extractTo(Path target, Collection<String> names, Executor executor) {
        List<StoredFile> chosen = needAll(names);
        Map<StoredFile, FileChannel> outputs = new HashMap<>();
        try {
            try {
                for (StoredFile file : chosen) {
                    Path path = target.resolve(file.name());
                    Durable.createDirectories(Objects.requireNonNull(path.getParent()));
                    outputs.put(file, Durable.create(path));
                }
                if (manifest.form().isCompressed()) {
                    extractFrames(chosen, outputs, executor);
                } else {
                    copyChunks(chosen, outputs, executor);
                }
            } finally {
                for (FileChannel output : outputs.values()) {
                    output.close();
                }
            }
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri().toString(), problem);
        }
    }

    private void extractFrames(List<StoredFile> chosen, Map<StoredFile, FileChannel> outputs, Executor executor)
            throws IOException {
        List<Frame> touched = frames.touched(chosen);
        Map<Frame, List<StoredFile>> parts = new IdentityHashMap<>();
        for (StoredFile file : chosen) {
            for (Frame frame : frames.touched(List.of(file))) {
                parts.computeIfAbsent(frame, key -> new ArrayList<>()).add(file);
            }
        }
        ChunkWork.run(touched.size(), extractThreads(), executor, number -> {
            Frame frame = touched.get(number);
            ByteBuffer plain = FrameBuffers.take();
            try {
                frames.decompress(frame, plain);
                for (StoredFile file : parts.getOrDefault(frame, List.of())) {
                    long begin = file.tarOffset().orElseThrow();
                    long from = Math.max(begin, frame.uncompressedOffset());
                    long to = Math.min(begin + file.size(), frame.end());
                    Durable.writeFully(
                            need(outputs, file),
                            plain.slice((int) (from - frame.uncompressedOffset()), (int) (to - from)),
                            from - begin);
                }
            } finally {
                FrameBuffers.give(plain);
            }
        });
    }

    private void copyChunks(List<StoredFile> chosen, Map<StoredFile, FileChannel> outputs, Executor executor)
            throws IOException {
        for (StoredFile file : chosen) {
            ChunkWork.run(file.chunkCount(), extractThreads(), executor, index -> {
                ByteBuffer buffer = FrameBuffers.take();
                try {
                    chunk(file, index, buffer);
                    Durable.writeFully(need(outputs, file), buffer, (long) index * StoredFile.CHUNK);
                } finally {
                    FrameBuffers.give(buffer);
                }
            });
        }
    }

    private static int extractThreads() {
        return Math.max(1, FrameBuffers.affordable() / 2);
    }

    private static FileChannel need(Map<StoredFile, FileChannel> outputs, StoredFile file) {
        return Objects.requireNonNull(outputs.get(file));
    }

    /**
     * Claims the checkpoint for one restore. Who holds the claim already gets it again, so that a restore whose launcher
     * was killed can be repeated: the claimant must know that nothing of the first try runs.
     *
     * @param claimant who restores it, unique to one start of one container, such as the pod's uid and the container's
     *     id; one line
     * @throws CheckpointException with {@link Reason#CONSUMED} if another has claimed it before
     */
    public void claim(String claimant) {
        claim(claimant, Durability.BEFORE_COMPLETE);
    }

    /** The same; with {@link Durability#LATER} it is on the disk when {@link #syncClaim} has returned. */
    public void claim(String claimant, Durability durability) {
        try {
            Claim.take(directory, uri().toString(), claimant, durability);
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri().toString(), problem);
        }
    }

    /**
     * Waits until the claim is on the disk.
     *
     * @throws CheckpointException if it cannot be written, or there is none
     */
    public void syncClaim() {
        try {
            Claim.sync(directory);
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri().toString(), problem);
        }
    }

    /**
     * Gives a claim back after a restore that did not begin. Without a claim nothing happens.
     *
     * @throws CheckpointException with {@link Reason#CONSUMED} if another holds the claim
     */
    public void releaseClaim(String claimant) {
        try {
            Claim.release(directory, uri().toString(), claimant);
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri().toString(), problem);
        }
    }

    /** Who has claimed the checkpoint. */
    public Optional<String> claimedBy() {
        try {
            return Claim.holder(directory);
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri().toString(), problem);
        }
    }

    private StoredFile need(String name) {
        return manifest.file(name)
                .orElseThrow(() -> new CheckpointException(
                        Reason.MISSING,
                        uri().toString(),
                        "it has no file " + name,
                        "take the checkpoint again with a runtime that stores it"));
    }

    private List<StoredFile> needAll(Collection<String> names) {
        List<StoredFile> chosen = new ArrayList<>();
        for (String name : new TreeSet<>(names)) {
            chosen.add(need(name));
        }
        return chosen;
    }

    /** Reads a chunk into {@code into}, from its beginning, and verifies it. */
    private void chunk(StoredFile file, int index, ByteBuffer into) throws IOException {
        int length = file.chunkLength(index);
        long offset = (long) index * StoredFile.CHUNK;
        into.clear().limit(length);
        if (!isExtracted()) {
            frames.read(file.tarOffset().orElseThrow() + offset, into, length);
            into.flip();
            return;
        }
        try (FileChannel channel = openExtracted(file)) {
            while (into.hasRemaining()) {
                if (channel.read(into, offset + into.position()) < 0) {
                    throw corrupt(file, "it ends after " + channel.size() + " of " + file.size() + " bytes");
                }
            }
        }
        into.flip();
        MessageDigest digest = Sha256.digest();
        digest.update(into.duplicate());
        requireDigest(file, index, digest.digest());
    }

    private FileChannel openExtracted(StoredFile file) throws IOException {
        try {
            return FileChannel.open(extracted(file.name()), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException missing) {
            throw missing(file, missing);
        }
    }

    private void requireDigest(StoredFile file, int index, byte[] digest) {
        if (!file.chunks().matches(index, digest)) {
            throw corrupt(file, "chunk " + index + " does not have the digest that was signed");
        }
    }

    private String thing(StoredFile file) {
        return uri() + " file " + file.name();
    }

    private CheckpointException corrupt(StoredFile file, String problem) {
        return new CheckpointException(Reason.CORRUPT, thing(file), problem, CORRUPT_REMEDY);
    }

    private CheckpointException missing(StoredFile file, IOException cause) {
        return new CheckpointException(
                Reason.MISSING, thing(file), "the file is not there", "take the checkpoint again", cause);
    }

    private final class FileStream extends InputStream {
        private final StoredFile file;
        private @Nullable ByteBuffer chunk;
        private int next;
        private boolean closed;

        private FileStream(StoredFile file) {
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (closed) {
                throw new IOException("the stream is closed");
            }
            if (length == 0) {
                return 0;
            }
            if (chunk == null || !chunk.hasRemaining()) {
                if (next == file.chunkCount()) {
                    return -1;
                }
                if (chunk == null) {
                    chunk = FrameBuffers.take();
                }
                // Empty until verified: a caller that reads on after a failure gets nothing of a bad chunk.
                ByteBuffer filling = chunk;
                try {
                    chunk(file, next, filling);
                } catch (IOException | RuntimeException problem) {
                    filling.limit(0);
                    throw problem;
                }
                next++;
            }
            int count = Math.min(length, chunk.remaining());
            chunk.get(bytes, offset, count);
            return count;
        }

        @Override
        public void close() {
            closed = true;
            if (chunk != null) {
                FrameBuffers.give(chunk);
                chunk = null;
            }
        }
    }
}
