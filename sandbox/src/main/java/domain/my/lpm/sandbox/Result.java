package domain.my.lpm.sandbox;

import java.util.List;

/**
 * How a command ended.
 *
 * @param command what was run
 * @param exitCode 128 + n when signal n ended it
 * @param output its standard output
 * @param error its standard error
 */
public record Result(List<String> command, int exitCode, String output, String error) {
    /**
     * This result.
     *
     * @throws SandboxException when the exit code is not 0
     */
    public Result orThrow() {
        if (exitCode != 0) {
            String reason = (error.isBlank() ? output : error).strip();
            String shown = String.join(" ", command).lines().findFirst().orElse("");
            throw new SandboxException("'" + shown + "' ended with exit code " + exitCode + ": "
                    + (reason.isEmpty() ? "it printed no reason" : reason));
        }
        return this;
    }

    /** The lines of the standard output. */
    public List<String> lines() {
        return output.lines().toList();
    }
}
