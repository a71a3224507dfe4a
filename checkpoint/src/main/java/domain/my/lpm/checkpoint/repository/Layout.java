package domain.my.lpm.checkpoint.repository;

/** The names of files in the repository. */
final class Layout {
    static final String VOLUMES = "volumes";
    static final String ARCHIVE = "dump.tar.zst";
    static final String MANIFEST = "manifest.json";
    static final String SIGNATURE = "manifest.sig";
    static final String IMAGES = "images";
    static final String METADATA = "metadata";
    static final String COMPLETE = ".checkpoint-complete";
    static final String CLAIM = ".claimed-by";
    /** What the names of CRIU's images begin with in an archive. */
    static final String IMAGE_PREFIX = "checkpoint/";

    private Layout() {}

    /** Where a file of an archive lies in the extracted form, relative to the checkpoint's directory. */
    static String extractedName(String name) {
        return name.startsWith(IMAGE_PREFIX)
                ? IMAGES + "/" + name.substring(IMAGE_PREFIX.length())
                : METADATA + "/" + name;
    }
}
