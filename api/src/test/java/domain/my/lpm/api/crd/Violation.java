package domain.my.lpm.api.crd;

/**
 * What a schema refuses in an object.
 *
 * @param path the field, its parts separated by '.', elements of lists by their number; empty for the whole object
 * @param rule the keyword of the schema, or the CEL expression
 * @param message what the user reads
 */
record Violation(String path, String rule, String message) {}
