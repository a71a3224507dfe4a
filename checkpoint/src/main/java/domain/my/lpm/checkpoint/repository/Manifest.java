package domain.my.lpm.checkpoint.repository;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a stored checkpoint is and consists of. */
public final class Manifest {
    private final CheckpointUri uri;
    private final Provenance provenance;
    private final Form form;
    private final List<StoredFile> files;
    private final List<Frame> frames;
    private final Map<String, StoredFile> byName;

    Manifest(CheckpointUri uri, Provenance provenance, Form form, List<StoredFile> files, List<Frame> frames) {
        this.uri = uri;
        this.provenance = provenance;
        this.form = form;
        this.files = List.copyOf(files);
        this.frames = List.copyOf(frames);
        this.byName = new HashMap<>(files.size() * 2);
        for (StoredFile file : files) {
            byName.put(file.name(), file);
        }
    }

    /** The checkpoint. */
    public CheckpointUri uri() {
        return uri;
    }

    /** Where it comes from. */
    public Provenance provenance() {
        return provenance;
    }

    /** How it is stored. */
    public Form form() {
        return form;
    }

    /** Its files in the order of the archive. */
    public List<StoredFile> files() {
        return files;
    }

    /** The file of this name in the archive. */
    public Optional<StoredFile> file(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The bytes of all files. */
    public long totalBytes() {
        long total = 0;
        for (StoredFile file : files) {
            total += file.size();
        }
        return total;
    }

    /** The bytes of dump.tar.zst, 0 where there is none. */
    public long compressedBytes() {
        if (frames.isEmpty()) {
            return 0;
        }
        Frame last = frames.get(frames.size() - 1);
        return last.offset() + last.length();
    }

    List<Frame> frames() {
        return frames;
    }
}
