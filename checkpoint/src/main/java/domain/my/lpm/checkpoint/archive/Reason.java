package domain.my.lpm.checkpoint.archive;

/** Why a checkpoint was refused. */
public enum Reason {
    /** It does not have the form that it should have. */
    MALFORMED,
    /** It ends too early. */
    TRUNCATED,
    /** It has an entry that no checkpoint needs and that could reach beyond it. */
    UNSAFE_ENTRY,
    /** It is beyond a limit. */
    TOO_LARGE,
    /** Its bytes are not those that were signed. */
    CORRUPT,
    /** It has no signature. */
    UNSIGNED,
    /** Its signature is wrong, or by a key that is not trusted. */
    WRONG_SIGNATURE,
    /** It was made for another container. */
    OTHER_OWNER,
    /** It was made on another architecture. */
    OTHER_ARCHITECTURE,
    /** It was never completed. */
    INCOMPLETE,
    /** It, or a part of it, is not there. */
    MISSING,
    /** It has been restored before. */
    CONSUMED,
    /** A complete checkpoint has this name already. */
    EXISTS,
    /** Reading or writing failed. */
    UNREADABLE
}
