package domain.my.lpm.launcher.restore;

import domain.my.lpm.launcher.linux.Linux;

/**
 * What the launcher tells the container's first process (entry.c): a queued real-time signal and the number it carries.
 * The signals are the kernel's 34 to 36, which are the C library's SIGRTMIN to SIGRTMIN+2.
 */
public enum EntryWord {
    /** The process of that id, in the container's PID namespace, is the restored application. */
    ADOPT(34),
    /** Start the application anew. */
    START_FRESH(35),
    /** End with that exit code. */
    FAIL(36);

    private final int signal;

    EntryWord(int signal) {
        this.signal = signal;
    }

    /** Sends the word to the container's first process, {@code pid} as this process sees it. */
    public void tell(int pid, int value) {
        Linux.queueSignal(pid, signal, value);
    }
}
