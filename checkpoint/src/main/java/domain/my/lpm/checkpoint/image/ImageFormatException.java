package domain.my.lpm.checkpoint.image;

/** A CRIU image file is missing, truncated, beyond a limit, or not what its name says. */
public final class ImageFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final String REMEDY = "take the checkpoint again, or fetch it again if the copy may be damaged";

    private final String fileName;

    ImageFormatException(String fileName, String reason) {
        this(fileName, reason, REMEDY);
    }

    /**
     * Names the file, what is wrong with it and what to do about it.
     *
     * @param fileName the file's name, without its directory
     */
    public ImageFormatException(String fileName, String reason, String remedy) {
        super(fileName + ": " + reason + "; " + remedy);
        this.fileName = fileName;
    }

    /** The name of the image file, without its directory. */
    public String fileName() {
        return fileName;
    }
}
