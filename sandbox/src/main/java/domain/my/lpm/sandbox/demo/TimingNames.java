package domain.my.lpm.sandbox.demo;

/** What the steps in the launcher's status are. */
final class TimingNames {
    private TimingNames() {}

    /** The step in words; empty for those that were done before the release. */
    static String of(String step) {
        return switch (step) {
            case "prepare", "rehearse" -> "";
            case "open" -> "the launcher checks signature and owner";
            case "images" -> "CRIU's images are verified and copied, credentials checked";
            case "files" -> "changed files and volumes are laid down";
            case "pages" -> "memory is linked, its verification begins";
            case "criu" -> "CRIU restores the processes";
            case "verify" -> "the rest of the verification of memory";
            case "commit" -> "complete, it waits for the commit and the word to run";
            case "resume" -> "handed over to the entry; the processes run";
            default -> step;
        };
    }
}
