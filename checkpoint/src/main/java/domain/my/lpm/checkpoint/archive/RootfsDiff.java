package domain.my.lpm.checkpoint.archive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import domain.my.lpm.checkpoint.archive.TarEntry.Type;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.commons.io.input.CloseShieldInputStream;
import org.jspecify.annotations.Nullable;

/**
 * What a container changed in its root file system, as a layer: an archive with whiteouts (OCI image specification,
 * "Image Layer Filesystem Changeset"), and a list of deleted paths beside it.
 */
public final class RootfsDiff {
    private static final String THING = "the changes of the root file system";
    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";
    private static final JsonFactory JSON = new JsonFactory();
    private static final Limits LIMITS = new Limits(1 << 20, 64L << 30, 64L << 30, 64L << 30, 200);

    private RootfsDiff() {}

    /**
     * What was done.
     *
     * @param entries how many files, directories and links were written
     * @param skipped paths that were left alone because another file system is mounted at or above them
     */
    public record Applied(int entries, List<String> skipped) {
        public Applied {
            skipped = List.copyOf(skipped);
        }
    }

    /**
     * Applies changes to a root file system. No link is followed and no other mount entered. Owners, modes, times and
     * the extended attributes of applications are kept as far as this process' rights allow.
     *
     * @param difference the layer: tar, plain or compressed by gzip or zstd; not closed
     * @param root the root file system
     * @return what was done
     * @throws CheckpointException if the layer is malformed or would reach beyond the root; what was applied stays
     */
    public static Applied apply(InputStream difference, Path root) {
        try (FileTree tree = new FileTree(THING, root);
                TarReader reader = new TarReader(
                        THING, Decompression.open(THING, CloseShieldInputStream.wrap(difference), LIMITS), LIMITS)) {
            @Nullable TarEntry entry;
            while ((entry = reader.next()) != null) {
                apply(tree, entry, reader);
            }
            tree.finish();
            return new Applied(tree.writtenCount(), tree.skipped());
        } catch (IOException problem) {
            throw CheckpointException.unreadable(THING, problem);
        }
    }

    private static void apply(FileTree tree, TarEntry entry, TarReader reader) throws IOException {
        String path = FileTree.path(THING, entry.name());
        int slash = path.lastIndexOf('/');
        String above = path.substring(0, slash + 1);
        String name = path.substring(slash + 1);
        if (name.equals(OPAQUE)) {
            tree.clear(above.isEmpty() ? "" : above.substring(0, above.length() - 1));
        } else if (name.startsWith(WHITEOUT)) {
            String hidden = name.substring(WHITEOUT.length());
            // AUFS kept its own files under .wh..wh.; they are nobody's.
            if (hidden.isEmpty()) {
                throw new CheckpointException(
                        Reason.UNSAFE_ENTRY,
                        THING,
                        "a whiteout hides nothing",
                        "refuse the checkpoint unless its origin is certain");
            }
            if (!hidden.startsWith(WHITEOUT)) {
                tree.delete(FileTree.path(THING, above + hidden));
            }
        } else if (entry.type() == Type.CHARACTER_DEVICE && entry.deviceMajor() == 0 && entry.deviceMinor() == 0) {
            tree.delete(path);
        } else {
            tree.write(path, entry, reader.content());
        }
    }

    /**
     * Deletes what the container had deleted.
     *
     * @param deletedFiles the file deleted.files of an archive: a JSON array of paths below the root, or null
     * @param root the root file system
     * @throws CheckpointException if it is no such list, or a path leads elsewhere
     */
    public static void deleteFiles(byte[] deletedFiles, Path root) {
        try (FileTree tree = new FileTree("deleted.files", root);
                JsonParser json = JSON.createParser(deletedFiles)) {
            JsonToken token = json.nextToken();
            if (token == null || token == JsonToken.VALUE_NULL) {
                return;
            }
            if (token != JsonToken.START_ARRAY) {
                throw noList("it is no array", null);
            }
            while ((token = json.nextToken()) != JsonToken.END_ARRAY) {
                if (token != JsonToken.VALUE_STRING) {
                    throw noList("an element is no text", null);
                }
                String name = new String(json.getText().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
                String path = FileTree.path("deleted.files", name.startsWith("/") ? name.substring(1) : name);
                if (!path.isEmpty()) {
                    tree.delete(path);
                }
            }
        } catch (JsonProcessingException problem) {
            throw noList(problem.getOriginalMessage(), problem);
        } catch (IOException problem) {
            throw CheckpointException.unreadable("deleted.files", problem);
        }
    }

    private static CheckpointException noList(String problem, @Nullable Throwable cause) {
        return new CheckpointException(
                Reason.MALFORMED,
                "deleted.files",
                "it is no JSON list of paths (" + problem + ")",
                "take the checkpoint again",
                cause);
    }

    /**
     * Writes the changes of a container as {@link #apply} and {@link #deleteFiles} read them.
     *
     * @param upper the upper directory of the container's overlayfs
     * @param output where the layer goes, as plain tar; not closed
     * @param deleted the deleted paths are added to it, for deleted.files
     */
    public static void collect(Path upper, OutputStream output, List<String> deleted) {
        try (FileTree tree = new FileTree(THING, upper)) {
            // Closed by the caller: the stream is theirs.
            @SuppressWarnings("resource")
            TarWriter tar = new TarWriter(output);
            tree.read(tar, new FileTree.Visitor() {
                @Override
                public void deleted(String path) {
                    deleted.add(new String(path.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
                }

                @Override
                public void opaque(String path) throws IOException {
                    tar.put(new TarEntry(path + "/" + OPAQUE, Type.FILE, 0, 0, 0, 0, 0, 0, "", 0, 0, Map.of()));
                }
            });
            tar.finish();
        } catch (IOException problem) {
            throw CheckpointException.unreadable(THING, problem);
        }
    }
}
