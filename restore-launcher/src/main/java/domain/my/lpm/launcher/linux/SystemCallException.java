package domain.my.lpm.launcher.linux;

import com.sun.jna.Native;

/** A system call failed; the message names the call and the kernel's reason. */
public final class SystemCallException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int errorNumber;

    SystemCallException(String call, int errorNumber, Throwable cause) {
        super(call + ": " + describe(errorNumber), cause);
        this.errorNumber = errorNumber;
    }

    /** The kernel's error number, for example 1 (EPERM). */
    public int errorNumber() {
        return errorNumber;
    }

    private static String describe(int errorNumber) {
        return ErrorText.strerror(errorNumber) + " (errno " + errorNumber + ")";
    }

    private static final class ErrorText {
        static {
            Native.register(ErrorText.class, "c");
        }

        static native String strerror(int errorNumber);
    }
}
