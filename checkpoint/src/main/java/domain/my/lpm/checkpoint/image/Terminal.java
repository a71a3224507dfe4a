package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.TerminalEntry;

/**
 * A terminal of the dump.
 *
 * @param id the number that open files refer to
 * @param index the number below /dev/pts of a pseudo terminal, -1 for another kind
 * @param master whether it is the master side of a pseudo terminal
 * @param session the session it controls, 0 if none
 */
public record Terminal(long id, Kind kind, long index, boolean master, long session) {
    /** The kinds of terminals, by their numbers in CRIU's tty.proto. */
    public enum Kind {
        UNKNOWN,
        PSEUDO,
        CONSOLE,
        VIRTUAL,
        CONTROLLING,
        EXTERNAL,
        SERIAL
    }

    static Terminal of(TerminalEntry entry) {
        int type = entry.getType();
        return new Terminal(
                Integer.toUnsignedLong(entry.getId()),
                type > 0 && type < Kind.values().length ? Kind.values()[type] : Kind.UNKNOWN,
                entry.hasPty() ? Integer.toUnsignedLong(entry.getPty().getIndex()) : -1,
                // /dev/ptmx and the ptmx of any devpts: major 5, minor 2.
                entry.getRdev() == (5 << 8 | 2),
                Integer.toUnsignedLong(entry.getSid()));
    }
}
