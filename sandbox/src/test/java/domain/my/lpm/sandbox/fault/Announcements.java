package domain.my.lpm.sandbox.fault;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The side of a participant: says on its standard output which step it is about to do or has done, and goes on when it reads
 * a line. One at a time. Whoever listens can kill or stop it just there.
 */
final class Announcements {
    static final String STEP = "step";
    static final String PORT = "port";

    private final PrintStream output = System.out;
    private final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

    /** Ends this process when the one that started it has ended, however that ended. */
    Announcements() {
        ProcessHandle.current()
                .parent()
                .ifPresent(parent ->
                        parent.onExit().thenRun(() -> Runtime.getRuntime().halt(1)));
    }

    /** Says it, and waits for the answer. */
    synchronized void announce(Side side, Enum<?> step) {
        say(STEP + " " + side + " " + step.name());
        try {
            if (input.readLine() == null) {
                // Nobody listens any more.
                Runtime.getRuntime().halt(1);
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Says at which port it serves. */
    synchronized void port(int port) {
        say(PORT + " " + port);
    }

    private void say(String line) {
        output.println(line);
        output.flush();
    }

    /** On which side of a step. */
    enum Side {
        BEFORE,
        AFTER
    }
}
