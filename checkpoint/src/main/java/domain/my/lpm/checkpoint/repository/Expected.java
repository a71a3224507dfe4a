package domain.my.lpm.checkpoint.repository;

/**
 * What a checkpoint must be to be used.
 *
 * @param owner whom it must have been made for
 * @param architecture the architecture it must have been made on, by Go's names: amd64, arm64
 */
public record Expected(Owner owner, String architecture) {}
