package domain.my.lpm.checkpoint.repository;

/** What the signature of a manifest is worth. */
public enum SignatureState {
    /** It is right, and by a trusted key. */
    TRUSTED,
    /** It is by a key that is not trusted, so it cannot be checked. */
    UNKNOWN_KEY,
    /** It does not fit the manifest, or is no signature at all. */
    WRONG,
    /** There is none. */
    MISSING
}
