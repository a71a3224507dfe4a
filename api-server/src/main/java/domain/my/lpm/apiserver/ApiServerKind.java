package domain.my.lpm.apiserver;

/** What answers as the API server of a test. */
public enum ApiServerKind {
    /** A stand-in, in the memory of the test. */
    IN_MEMORY,
    /** {@link RealApiServer}. */
    REAL
}
