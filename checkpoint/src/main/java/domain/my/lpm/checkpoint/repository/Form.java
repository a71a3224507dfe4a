package domain.my.lpm.checkpoint.repository;

/** How a checkpoint is stored. */
public enum Form {
    /** As a compressed archive: the least to store and to carry. */
    COMPRESSED,
    /** As plain files, which CRIU reads in place. */
    EXTRACTED,
    /** As both. */
    BOTH;

    boolean isCompressed() {
        return this != EXTRACTED;
    }

    boolean isExtracted() {
        return this != COMPRESSED;
    }
}
