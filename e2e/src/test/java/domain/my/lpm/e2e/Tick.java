package domain.my.lpm.e2e;

import java.time.Instant;
import java.time.OffsetDateTime;

/**
 * A line {@code tick <number> nonce=<nonce> …} of an application, as the container runtime stamped it.
 *
 * @param node where it was written
 * @param pod the name of the pod
 * @param uid the uid of the pod
 * @param time when the runtime read it; clocks of nodes may differ
 * @param number which tick it is; the first is 1
 * @param nonce what only the memory of the application has
 * @param text the whole line
 */
record Tick(String node, String pod, String uid, Instant time, long number, String nonce, String text) {
    /**
     * A line of a container's log in the format of the CRI: {@code <RFC 3339 time> stdout F <text>}, or P where the runtime read its
     * newline by itself.
     *
     * @throws IllegalArgumentException when it is no such line of a tick
     */
    static Tick parse(String node, String pod, String uid, String line) {
        String[] fields = line.split(" ", 4);
        String[] words = fields.length < 4 ? new String[0] : fields[3].split(" ");
        if (words.length < 3 || !words[0].equals("tick") || !words[2].startsWith("nonce=")) {
            throw new IllegalArgumentException("'" + line + "' is no tick");
        }
        return new Tick(
                node,
                pod,
                uid,
                OffsetDateTime.parse(fields[0]).toInstant(),
                Long.parseLong(words[1]),
                words[2].substring("nonce=".length()),
                fields[3]);
    }
}
