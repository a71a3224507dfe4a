package domain.my.lpm.api;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How a checkpoint lies on storage. */
public enum Compression {
    /** Compressed by Zstandard in independent frames. */
    @JsonProperty("zstd")
    ZSTD("zstd"),
    /** Not compressed: faster where storage is faster than the processor. */
    @JsonProperty("none")
    NONE("none");

    private final String value;

    Compression(String value) {
        this.value = value;
    }

    /** The word that stands for this in the objects. */
    public String value() {
        return value;
    }
}
