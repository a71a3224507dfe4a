package domain.my.lpm.checkpoint.repository;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.FileArchive;
import domain.my.lpm.checkpoint.archive.Limits;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The content of a pod's emptyDir volumes in the repository: {@code <name>.tar.zst} in frames, {@code <name>.json} with
 * their digests, and {@code <name>.sig}, written last, without which there is no volume.
 */
public final class VolumeArchive {
    private static final int MAXIMUM_DESCRIPTION = 64 << 20;
    private static final Limits LIMITS = new Limits(1 << 24, 1L << 45, 1L << 45, 1L << 45, 200);
    private static final String ARCHIVE = ".tar.zst";
    private static final String DESCRIPTION = ".json";
    private static final String SIGNATURE = ".sig";

    private VolumeArchive() {}

    /**
     * Stores a volume, replacing what is stored under its name. Devices and sockets are left out.
     *
     * @param volumeDirectory its content
     * @param repository the repository's root
     * @param name the volume's name in the pod, a DNS label
     * @param signer signs the digests
     * @param durability when it is on the disk
     * @throws CheckpointException if reading or writing fails; there is no such stored volume then
     */
    public static void store(
            Path volumeDirectory,
            Path repository,
            String podUid,
            String checkpointId,
            String name,
            ManifestSigner signer,
            Durability durability) {
        Path directory = directory(repository, podUid, checkpointId, name);
        String thing = thing(podUid, checkpointId, name);
        Path partial = directory.resolve("." + name + ARCHIVE + ".partial");
        try {
            Durable.createDirectories(directory);
            for (String suffix : List.of(SIGNATURE, DESCRIPTION, ARCHIVE)) {
                Files.deleteIfExists(directory.resolve(name + suffix));
            }
            Files.deleteIfExists(partial);
            try {
                List<Frame> frames = writeArchive(thing, volumeDirectory, partial, durability);
                byte[] description = ManifestJson.write(new ManifestJson.Volume(podUid, checkpointId, name, frames));
                Durable.move(partial, directory.resolve(name + ARCHIVE), durability);
                Durable.replace(directory.resolve(name + DESCRIPTION), description, durability);
                Durable.replace(
                        directory.resolve(name + SIGNATURE), SignatureFile.sign(signer, description), durability);
                durability.syncDirectory(directory);
            } catch (IOException | RuntimeException | Error problem) {
                for (String suffix : List.of(SIGNATURE, DESCRIPTION, ARCHIVE)) {
                    Files.deleteIfExists(directory.resolve(name + suffix));
                }
                Files.deleteIfExists(partial);
                throw problem;
            }
        } catch (IOException problem) {
            throw CheckpointException.unreadable(thing, problem);
        }
    }

    /** The same, on the disk before it is complete. */
    public static void store(
            Path volumeDirectory,
            Path repository,
            String podUid,
            String checkpointId,
            String name,
            ManifestSigner signer) {
        store(volumeDirectory, repository, podUid, checkpointId, name, signer, Durability.BEFORE_COMPLETE);
    }

    private static List<Frame> writeArchive(String thing, Path volumeDirectory, Path file, Durability durability)
            throws IOException {
        try (FileChannel channel = Durable.create(file);
                FramePipeline pipeline =
                        new FramePipeline(channel, 1, Runtime.getRuntime().availableProcessors());
                FrameOutput output = new FrameOutput(pipeline)) {
            FileArchive.write(thing, volumeDirectory, output);
            output.flushFrame();
            List<Frame> frames = List.copyOf(pipeline.finish());
            durability.force(channel);
            return frames;
        }
    }

    /**
     * Restores a volume into an empty directory, whose own mode and owner become those of the stored volume. Every frame
     * is verified before its content is written.
     *
     * @param into the directory, empty
     * @throws CheckpointException if the volume is not stored, not signed by a trusted key, not what was signed, or
     *     {@code into} is not empty; {@code into} is empty again then
     */
    public static void restore(
            Path repository, String podUid, String checkpointId, String name, TrustedKeys keys, Path into) {
        Path directory = directory(repository, podUid, checkpointId, name);
        String thing = thing(podUid, checkpointId, name);
        try {
            ManifestJson.Volume volume = description(thing, directory, name, keys);
            if (!volume.podUid().equals(podUid)
                    || !volume.checkpointId().equals(checkpointId)
                    || !volume.name().equals(name)) {
                throw new CheckpointException(
                        Reason.CORRUPT,
                        thing,
                        "its description is that of " + thing(volume.podUid(), volume.checkpointId(), volume.name()),
                        "restore the directory from where it was moved or copied");
            }
            try (Stream<Path> present = Files.list(into)) {
                if (present.findAny().isPresent()) {
                    throw new CheckpointException(
                            Reason.EXISTS,
                            into.toString(),
                            "the directory for " + thing + " is not empty",
                            "restore into an empty volume");
                }
            }
            FrameReader frames = new FrameReader(thing, directory.resolve(name + ARCHIVE), volume.frames());
            try (InputStream content = new FrameInput(frames)) {
                FileArchive.extract(thing, content, LIMITS, into);
            } catch (IOException | RuntimeException | Error problem) {
                FileArchive.clear(thing, into);
                throw problem;
            }
        } catch (IOException problem) {
            throw CheckpointException.unreadable(thing, problem);
        }
    }

    /**
     * The names of the volumes stored with a checkpoint, in order.
     *
     * @throws CheckpointException if reading fails
     */
    public static List<String> names(Path repository, String podUid, String checkpointId) {
        CheckpointUri.requirePod(podUid, checkpointId);
        Path directory = repository.resolve(podUid).resolve(checkpointId).resolve(Layout.VOLUMES);
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(SIGNATURE) && !name.startsWith(".")) {
                    names.add(name.substring(0, name.length() - SIGNATURE.length()));
                }
            }
        } catch (NoSuchFileException none) {
            return List.of();
        } catch (IOException problem) {
            throw CheckpointException.unreadable(directory.toString(), problem);
        }
        names.sort(null);
        return names;
    }

    private static ManifestJson.Volume description(String thing, Path directory, String name, TrustedKeys keys)
            throws IOException {
        Path file = directory.resolve(name + DESCRIPTION);
        byte[] bytes;
        try {
            if (Files.size(file) > MAXIMUM_DESCRIPTION) {
                throw new CheckpointException(
                        Reason.TOO_LARGE,
                        thing,
                        "its description has more than " + MAXIMUM_DESCRIPTION + " bytes",
                        "refuse the checkpoint unless its origin is certain");
            }
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException missing) {
            throw new CheckpointException(
                    Reason.MISSING, thing, "no such volume is stored", "take the checkpoint again", missing);
        }
        SignatureFile.check(directory.resolve(name + SIGNATURE), bytes, keys).require(thing);
        return ManifestJson.readVolume(thing, bytes);
    }

    private static Path directory(Path repository, String podUid, String checkpointId, String name) {
        CheckpointUri.requirePod(podUid, checkpointId);
        CheckpointUri.requireVolume(name);
        return repository.resolve(podUid).resolve(checkpointId).resolve(Layout.VOLUMES);
    }

    private static String thing(String podUid, String checkpointId, String name) {
        return "volume " + name + " of shared://" + podUid + "/" + checkpointId;
    }

    /** A stream cut into frames. */
    private static final class FrameOutput extends OutputStream {
        private final FramePipeline pipeline;
        private @Nullable ByteBuffer buffer;

        private FrameOutput(FramePipeline pipeline) {
            this.pipeline = pipeline;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            int done = 0;
            while (done < length) {
                if (buffer == null) {
                    buffer = pipeline.take();
                }
                int count = Math.min(length - done, buffer.remaining());
                buffer.put(bytes, offset + done, count);
                done += count;
                if (!buffer.hasRemaining()) {
                    flushFrame();
                }
            }
        }

        private void flushFrame() {
            if (buffer != null && buffer.position() > 0) {
                pipeline.submit(buffer, List.of());
                buffer = null;
            }
        }

        @Override
        public void close() {
            if (buffer != null) {
                pipeline.giveBack(buffer);
                buffer = null;
            }
        }
    }

    /** The verified content of all frames. */
    private static final class FrameInput extends InputStream {
        private final FrameReader frames;
        private long position;

        private FrameInput(FrameReader frames) {
            this.frames = frames;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = (int) Math.min(length, frames.size() - position);
            if (count == 0) {
                return length == 0 ? 0 : -1;
            }
            frames.read(position, ByteBuffer.wrap(bytes, offset, count), count);
            position += count;
            return count;
        }
    }
}
