package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A request that is refused, as the API conventions describe it: an HTTP code, a reason of one word and a message. */
final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int code;
    private final String reason;

    private ApiException(int code, String reason, String message) {
        super(message);
        this.code = code;
        this.reason = reason;
    }

    static ApiException notFound(ResourceKind kind, String name) {
        return new ApiException(404, "NotFound", "%s \"%s\" not found".formatted(kind.resource(), name));
    }

    static ApiException noSuchPath(String path) {
        return new ApiException(404, "NotFound", "the server could not find the requested resource: " + path);
    }

    static ApiException alreadyExists(ResourceKind kind, String name) {
        return new ApiException(409, "AlreadyExists", "%s \"%s\" already exists".formatted(kind.resource(), name));
    }

    static ApiException conflict(ResourceKind kind, String name, String why) {
        return conflict(kind.resource(), name, why);
    }

    static ApiException conflict(String resource, String name, String why) {
        return new ApiException(
                409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": %s".formatted(resource, name, why));
    }

    static ApiException changedMeanwhile(ResourceKind kind, String name) {
        return conflict(
                kind,
                name,
                "the object has been modified; please apply your changes to the latest version and try again");
    }

    static ApiException badRequest(String message) {
        return new ApiException(400, "BadRequest", message);
    }

    static ApiException invalid(ResourceKind kind, String name, String why) {
        return new ApiException(422, "Invalid", "%s \"%s\" is invalid: %s".formatted(kind.qualified(), name, why));
    }

    /** What is said of a JSON patch that does not apply. */
    static ApiException unprocessable() {
        return new ApiException(422, "Invalid", "the server rejected our request due to an error in our request");
    }

    static ApiException forbidden(ResourceKind kind, String name, String why) {
        return new ApiException(403, "Forbidden", "%s \"%s\" is forbidden: %s".formatted(kind.resource(), name, why));
    }

    static ApiException unauthorized() {
        return new ApiException(401, "Unauthorized", "Unauthorized");
    }

    static ApiException methodNotAllowed(String method, String path) {
        return new ApiException(405, "MethodNotAllowed", method + " is not allowed at " + path);
    }

    static ApiException unsupportedMediaType(String type) {
        return new ApiException(
                415,
                "UnsupportedMediaType",
                "the body of the patch was in an unknown format - '%s'; send one of %s".formatted(type, Patches.TYPES));
    }

    static ApiException expired(long version) {
        return new ApiException(410, "Expired", "too old resource version: " + version);
    }

    static ApiException internal(String message) {
        return new ApiException(500, "InternalError", "Internal error occurred: " + message);
    }

    /** What an admission webhook said. */
    static ApiException denied(int code, String reason, String message) {
        return new ApiException(code, reason, message);
    }

    int code() {
        return code;
    }

    /** The answer to the client, a meta/v1 Status. */
    ObjectNode status() {
        ObjectNode status = Json.object();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        return status.put("status", "Failure")
                .put("message", getMessage())
                .put("reason", reason)
                .put("code", code);
    }
}
