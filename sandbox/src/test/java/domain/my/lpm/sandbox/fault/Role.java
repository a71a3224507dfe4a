package domain.my.lpm.sandbox.fault;

/** Who takes part in a migration and announces its steps. */
enum Role {
    CONTROLLER("controller"),
    SOURCE_AGENT("source agent"),
    TARGET_AGENT("target agent"),
    CRIU("CRIU");

    private final String words;

    Role(String words) {
        this.words = words;
    }

    @Override
    public String toString() {
        return words;
    }
}
