package domain.my.lpm.checkpoint.image;

/**
 * A file descriptor of a table.
 *
 * @param number the descriptor
 * @param file the id of the {@link OpenFile} behind it
 */
public record Descriptor(long number, long file) {}
