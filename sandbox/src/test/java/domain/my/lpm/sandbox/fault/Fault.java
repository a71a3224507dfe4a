package domain.my.lpm.sandbox.fault;

/** What is done at a moment. */
enum Fault {
    /** Who is at the step is killed, and started anew where somebody starts it anew. */
    KILLED("killed"),
    /** Who is at the step stands still, longer than the lease on the hold. */
    HANGS("hangs"),
    /** Who is at the step works on, but reaches nobody, longer than the lease. */
    CUT_OFF("cut off"),
    /** The launcher is killed. */
    LAUNCHER_KILLED("launcher killed"),
    /** The launcher stands still until the migration is over. */
    LAUNCHER_HANGS("launcher hangs"),
    /** The API server is gone for longer than the lease. */
    API_GONE("API gone"),
    /** The API server does what the step asks for, and its answer is lost. */
    ANSWER_LOST("answer lost"),
    /** The shared storage can only be read, until the migration is over. */
    SHARE_READ_ONLY("share read-only"),
    /** The shared storage is full, until the migration is over. */
    SHARE_FULL("share full");

    private final String words;

    Fault(String words) {
        this.words = words;
    }

    @Override
    public String toString() {
        return words;
    }
}
