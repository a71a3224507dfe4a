package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.image.Terminal;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Terminals of a dump. One that a container gave itself, with both sides in the dump, is restored. */
final class Terminals {
    private Terminals() {}

    /**
     * Refuses those whose other side someone outside of the container holds, as the runtime does for {@code tty: true}.
     * {@link Descriptors} cannot tell: runc writes them down before the container has its terminal.
     *
     * @throws RestoreException naming the first
     */
    static void refuseForeign(List<Terminal> terminals) {
        Set<Long> own =
                terminals.stream().filter(Terminal::master).map(Terminal::index).collect(Collectors.toSet());
        for (Terminal terminal : terminals) {
            boolean slave = terminal.kind() == Terminal.Kind.PSEUDO && !terminal.master();
            if (slave && !own.contains(terminal.index())) {
                throw new RestoreException("the checkpointed container had a terminal (/dev/pts/" + terminal.index()
                        + ") whose other side is outside of the checkpoint, so that it cannot be carried to another pod;"
                        + " set tty: false in the container, end every kubectl exec --tty, and take the checkpoint"
                        + " again");
            }
        }
    }
}
