package domain.my.lpm.checkpoint.repository;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.EntryName;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The manifest as JSON, version 1. Token by token: the launcher reads it while the pod is down, and a large one would
 * not fit into memory as a tree.
 */
final class ManifestJson {
    private static final int VERSION = 1;
    private static final long MAXIMUM_SIZE = 1L << 50;
    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** What a signed description speaks of. */
    enum Kind {
        CONTAINER,
        VOLUME;

        private String text() {
            return switch (this) {
                case CONTAINER -> "container";
                case VOLUME -> "volume";
            };
        }
    }

    private ManifestJson() {}

    static byte[] write(Manifest manifest) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            json.writeNumberField("version", VERSION);
            json.writeStringField("kind", Kind.CONTAINER.text());
            json.writeStringField("checkpoint", manifest.uri().toString());
            writeProvenance(json, manifest.provenance());
            json.writeStringField("form", manifest.form().name());
            json.writeNumberField("chunkBytes", StoredFile.CHUNK);
            json.writeArrayFieldStart("files");
            for (StoredFile file : manifest.files()) {
                writeFile(json, file);
            }
            json.writeEndArray();
            writeFrames(json, manifest.frames());
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new IllegalStateException("writing JSON to memory failed", impossible);
        }
        return bytes.toByteArray();
    }

    private static void writeProvenance(JsonGenerator json, Provenance provenance) throws IOException {
        json.writeObjectFieldStart("owner");
        json.writeStringField("namespace", provenance.owner().namespace());
        json.writeStringField("pod", provenance.owner().pod());
        json.writeStringField("container", provenance.owner().container());
        json.writeEndObject();
        json.writeStringField("architecture", provenance.architecture());
        json.writeStringField("kernel", provenance.kernel());
        if (provenance.criuVersion() != null) {
            json.writeStringField("criuVersion", provenance.criuVersion());
        }
        json.writeStringField("runtime", provenance.runtime());
        json.writeStringField("createdAt", provenance.createdAt().toString());
        json.writeObjectFieldStart("labels");
        for (Map.Entry<String, String> label : new TreeMap<>(provenance.labels()).entrySet()) {
            json.writeStringField(label.getKey(), label.getValue());
        }
        json.writeEndObject();
    }

    private static void writeFile(JsonGenerator json, StoredFile file) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", file.name());
        json.writeNumberField("size", file.size());
        if (file.tarOffset().isPresent()) {
            json.writeNumberField("tarOffset", file.tarOffset().getAsLong());
        }
        json.writeArrayFieldStart("chunks");
        for (int i = 0; i < file.chunkCount(); i++) {
            json.writeString(file.chunks().hex(i));
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void writeFrames(JsonGenerator json, List<Frame> frames) throws IOException {
        json.writeArrayFieldStart("frames");
        for (Frame frame : frames) {
            json.writeStartObject();
            json.writeNumberField("offset", frame.offset());
            json.writeNumberField("length", frame.length());
            json.writeNumberField("uncompressedLength", frame.uncompressedLength());
            json.writeStringField("sha256", Sha256.hex(frame.digest()));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /**
     * @param thing what is read, for messages
     */
    static Manifest read(String thing, byte[] bytes) {
        Reader reader = new Reader(thing, Kind.CONTAINER);
        reader.read(bytes);
        Owner owner =
                new Owner(reader.need("owner.namespace"), reader.need("owner.pod"), reader.need("owner.container"));
        Provenance provenance = new Provenance(
                owner,
                reader.need("architecture"),
                reader.need("kernel"),
                reader.texts.get("criuVersion"),
                reader.need("runtime"),
                reader.instant("createdAt"),
                reader.labels);
        Form form;
        CheckpointUri uri;
        try {
            form = Form.valueOf(reader.need("form"));
            uri = CheckpointUri.parse(reader.need("checkpoint"));
        } catch (IllegalArgumentException problem) {
            throw malformed(thing, String.valueOf(problem.getMessage()));
        }
        reader.checkFiles(form.isCompressed());
        return new Manifest(uri, provenance, form, reader.files, reader.frames);
    }

    /** The description of a volume: where it belongs, its size and the frames of its archive. */
    record Volume(String podUid, String checkpointId, String name, List<Frame> frames) {}

    static byte[] write(Volume volume) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            json.writeNumberField("version", VERSION);
            json.writeStringField("kind", Kind.VOLUME.text());
            json.writeStringField("podUid", volume.podUid());
            json.writeStringField("checkpointId", volume.checkpointId());
            json.writeStringField("name", volume.name());
            writeFrames(json, volume.frames());
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new IllegalStateException("writing JSON to memory failed", impossible);
        }
        return bytes.toByteArray();
    }

    static Volume readVolume(String thing, byte[] bytes) {
        Reader reader = new Reader(thing, Kind.VOLUME);
        reader.read(bytes);
        return new Volume(
                reader.need("podUid"), reader.need("checkpointId"), reader.need("name"), List.copyOf(reader.frames));
    }

    private static CheckpointException malformed(String thing, String problem) {
        return new CheckpointException(
                Reason.MALFORMED, thing, problem, "take the checkpoint again, or use the version that wrote it");
    }

    private static final class Reader {
        private final String thing;
        private final Kind kind;
        private final Map<String, String> texts = new HashMap<>();
        private final Map<String, String> labels = new LinkedHashMap<>();
        private final List<StoredFile> files = new ArrayList<>();
        private final List<Frame> frames = new ArrayList<>();
        private long version = -1;
        private long chunkBytes = StoredFile.CHUNK;

        private Reader(String thing, Kind kind) {
            this.thing = thing;
            this.kind = kind;
        }

        private void read(byte[] bytes) {
            try (JsonParser json = JSON.createParser(bytes)) {
                expect(json.nextToken(), JsonToken.START_OBJECT, "the manifest");
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    field(json, json.currentName());
                }
                if (json.nextToken() != null) {
                    throw malformed(thing, "something follows the end of the manifest");
                }
            } catch (JsonProcessingException problem) {
                throw malformed(thing, "the manifest is no JSON (" + problem.getOriginalMessage() + ")");
            } catch (IOException problem) {
                throw CheckpointException.unreadable(thing, problem);
            }
            if (version != VERSION) {
                throw malformed(thing, "the manifest has version " + version + ", this program reads " + VERSION);
            }
            if (!kind.text().equals(need("kind"))) {
                throw malformed(
                        thing, "the manifest is of a " + need("kind") + " where one of a " + kind.text() + " belongs");
            }
            if (chunkBytes != StoredFile.CHUNK) {
                throw malformed(
                        thing,
                        "the manifest has chunks of " + chunkBytes + " bytes where " + StoredFile.CHUNK + " belong");
            }
        }

        private void field(JsonParser json, String name) throws IOException {
            JsonToken token = json.nextToken();
            switch (name) {
                case "version" -> version = number(json, token, name);
                case "chunkBytes" -> chunkBytes = number(json, token, name);
                case "owner" -> {
                    expect(token, JsonToken.START_OBJECT, name);
                    while (json.nextToken() == JsonToken.FIELD_NAME) {
                        String part = json.currentName();
                        texts.put("owner." + part, text(json, json.nextToken(), part));
                    }
                }
                case "labels" -> {
                    expect(token, JsonToken.START_OBJECT, name);
                    while (json.nextToken() == JsonToken.FIELD_NAME) {
                        String part = json.currentName();
                        labels.put(part, text(json, json.nextToken(), part));
                    }
                }
                case "files" -> {
                    expect(token, JsonToken.START_ARRAY, name);
                    while ((token = json.nextToken()) != JsonToken.END_ARRAY) {
                        expect(token, JsonToken.START_OBJECT, "a file");
                        files.add(file(json));
                    }
                }
                case "frames" -> {
                    expect(token, JsonToken.START_ARRAY, name);
                    while ((token = json.nextToken()) != JsonToken.END_ARRAY) {
                        expect(token, JsonToken.START_OBJECT, "a frame");
                        frames.add(frame(json));
                    }
                }
                default -> {
                    if (token == JsonToken.VALUE_STRING) {
                        texts.put(name, json.getText());
                    } else {
                        json.skipChildren();
                    }
                }
            }
        }

        private StoredFile file(JsonParser json) throws IOException {
            @Nullable String name = null;
            long size = -1;
            long tarOffset = -1;
            Digests chunks = new Digests();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                JsonToken token = json.nextToken();
                switch (field) {
                    case "name" -> name = text(json, token, field);
                    case "size" -> size = number(json, token, field);
                    case "tarOffset" -> tarOffset = number(json, token, field);
                    case "chunks" -> {
                        expect(token, JsonToken.START_ARRAY, field);
                        int index = 0;
                        while ((token = json.nextToken()) != JsonToken.END_ARRAY) {
                            chunks.set(index++, digest(text(json, token, field)));
                        }
                    }
                    default -> json.skipChildren();
                }
            }
            if (name == null || !EntryName.isPlain(name) || size < 0) {
                throw malformed(thing, "the manifest has a file without a plain name and a size");
            }
            StoredFile file = new StoredFile(name, size, tarOffset, chunks);
            if (chunks.count() != file.chunkCount()) {
                throw malformed(
                        thing,
                        "file " + name + " has " + chunks.count() + " digests where " + file.chunkCount() + " belong");
            }
            return file;
        }

        private Frame frame(JsonParser json) throws IOException {
            long offset = -1;
            long length = -1;
            long uncompressedLength = -1;
            byte[] digest = new byte[0];
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                JsonToken token = json.nextToken();
                switch (field) {
                    case "offset" -> offset = number(json, token, field);
                    case "length" -> length = number(json, token, field);
                    case "uncompressedLength" -> uncompressedLength = number(json, token, field);
                    case "sha256" -> digest = digest(text(json, token, field));
                    default -> json.skipChildren();
                }
            }
            @Nullable Frame last = frames.isEmpty() ? null : frames.get(frames.size() - 1);
            long expected = last == null ? 0 : last.offset() + last.length();
            if (offset != expected
                    || length < 1
                    || length > Frame.MAXIMUM_COMPRESSED
                    || uncompressedLength < 1
                    || uncompressedLength > Frame.MAXIMUM_LENGTH
                    || digest.length == 0) {
                throw malformed(thing, "frame " + frames.size() + " of the manifest is not where and what it can be");
            }
            return new Frame(offset, (int) length, last == null ? 0 : last.end(), (int) uncompressedLength, digest);
        }

        private void checkFiles(boolean compressed) {
            long total = frames.isEmpty() ? 0 : frames.get(frames.size() - 1).end();
            if (compressed == frames.isEmpty()) {
                throw malformed(thing, "the manifest's frames and form contradict each other");
            }
            if (files.isEmpty()) {
                throw malformed(thing, "the manifest has no files");
            }
            Set<String> names = new HashSet<>(files.size() * 2);
            long from = 0;
            for (StoredFile file : files) {
                if (!names.add(file.name())) {
                    throw malformed(thing, "the manifest has the file " + file.name() + " twice");
                }
                if (compressed) {
                    long offset = file.tarOffset().orElse(-1);
                    if (offset < from || offset > total || file.size() > total - offset) {
                        throw malformed(thing, "file " + file.name() + " is not where it can be in the archive");
                    }
                    from = offset + file.size();
                }
            }
        }

        private String need(String name) {
            @Nullable String text = texts.get(name);
            if (text == null) {
                throw malformed(thing, "the manifest has no " + name);
            }
            return text;
        }

        private Instant instant(String name) {
            try {
                return Instant.parse(need(name));
            } catch (DateTimeException problem) {
                throw malformed(thing, "the manifest's " + name + " is no time");
            }
        }

        private String text(JsonParser json, @Nullable JsonToken token, String what) throws IOException {
            expect(token, JsonToken.VALUE_STRING, what);
            return json.getText();
        }

        private long number(JsonParser json, @Nullable JsonToken token, String what) throws IOException {
            expect(token, JsonToken.VALUE_NUMBER_INT, what);
            long value = json.getLongValue();
            if (value < 0 || value > MAXIMUM_SIZE) {
                throw malformed(thing, "the manifest's " + what + " is out of range");
            }
            return value;
        }

        private byte[] digest(String text) {
            if (text.length() != 2 * Sha256.LENGTH) {
                throw malformed(thing, "the manifest has a digest of the wrong length");
            }
            try {
                return HexFormat.of().parseHex(text);
            } catch (IllegalArgumentException problem) {
                throw malformed(thing, "the manifest has a digest that is not hexadecimal");
            }
        }

        private void expect(@Nullable JsonToken token, JsonToken expected, String what) {
            if (token != expected) {
                throw malformed(thing, "the manifest's " + what + " is not of its type");
            }
        }
    }
}
