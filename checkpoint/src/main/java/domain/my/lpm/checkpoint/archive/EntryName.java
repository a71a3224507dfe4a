package domain.my.lpm.checkpoint.archive;

/** The names of entries in a checkpoint archive. */
public final class EntryName {
    private static final int MAXIMUM_LENGTH = 1024;
    private static final int MAXIMUM_SEGMENT = 255;

    private EntryName() {}

    /**
     * Makes a name relative and plain: {@code ./checkpoint/a.img} and {@code checkpoint/a.img} are the same file, and a
     * directory ends in no slash.
     *
     * @param thing the archive, for messages
     * @return the name, empty for the archive's own root
     * @throws CheckpointException if the name is absolute, leads elsewhere, or is not plain printable ASCII
     */
    public static String normalize(String thing, String name) {
        String rest = name;
        while (rest.startsWith("./")) {
            rest = rest.substring(2);
        }
        if (rest.endsWith("/")) {
            rest = rest.substring(0, rest.length() - 1);
        }
        if ((rest.isEmpty() && name.startsWith("./")) || rest.equals(".")) {
            return "";
        }
        if (!isPlain(rest)) {
            throw new CheckpointException(
                    Reason.UNSAFE_ENTRY,
                    thing,
                    "the name '" + printable(name) + "' is absolute, leads elsewhere or has unusual characters",
                    "refuse the checkpoint unless its origin is certain");
        }
        return rest;
    }

    /** Whether a name is relative, has neither '.' nor '..' nor empty parts, and is short printable ASCII. */
    public static boolean isPlain(String name) {
        if (name.isEmpty() || name.length() > MAXIMUM_LENGTH) {
            return false;
        }
        int start = 0;
        for (int i = 0; i <= name.length(); i++) {
            if (i == name.length() || name.charAt(i) == '/') {
                String segment = name.substring(start, i);
                if (segment.isEmpty()
                        || segment.length() > MAXIMUM_SEGMENT
                        || segment.equals(".")
                        || segment.equals("..")) {
                    return false;
                }
                start = i + 1;
            } else if (name.charAt(i) < ' ' || name.charAt(i) > '~') {
                return false;
            }
        }
        return true;
    }

    /** The text, at most 200 characters of it, with '?' for what does not print. */
    static String printable(String text) {
        StringBuilder printable = new StringBuilder();
        for (int i = 0; i < Math.min(text.length(), 200); i++) {
            char character = text.charAt(i);
            printable.append(character < ' ' || character > '~' ? '?' : character);
        }
        return printable.toString();
    }
}
