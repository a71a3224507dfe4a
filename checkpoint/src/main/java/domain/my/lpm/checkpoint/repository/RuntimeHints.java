package domain.my.lpm.checkpoint.repository;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an archive says of the container it was made of: the annotations in the OCI runtime configuration spec.dump, whose
 * names are those of CRI-O ({@code pkg/annotations}), containerd ({@code internal/cri/annotations}), podman
 * ({@code libpod/define}) and the kubelet ({@code pkg/kubelet/types}).
 */
final class RuntimeHints {
    static final String SPEC = "spec.dump";
    static final String CONFIG = "config.dump";
    /** More than a runtime ever writes to either file. */
    static final int MAXIMUM_BYTES = 4 << 20;

    private static final JsonFactory JSON = new JsonFactory();
    private static final List<String> NAMESPACE = List.of(
            "io.kubernetes.pod.namespace", "io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri-o.Namespace");
    private static final List<String> POD = List.of("io.kubernetes.pod.name", "io.kubernetes.cri.sandbox-name");
    private static final List<String> CONTAINER =
            List.of("io.kubernetes.container.name", "io.kubernetes.cri.container-name");

    private final Map<String, String> annotations = new HashMap<>();

    /** Takes in spec.dump or config.dump. */
    void read(String thing, String name, byte[] bytes) {
        try (JsonParser json = JSON.createParser(bytes)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw malformed(thing, name, "it is no JSON object", null);
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                JsonToken token = json.nextToken();
                if (field.equals("annotations") && token == JsonToken.START_OBJECT) {
                    readAnnotations(thing, name, json);
                } else {
                    json.skipChildren();
                }
            }
            if (json.currentToken() != JsonToken.END_OBJECT) {
                throw malformed(thing, name, "its JSON ends too early", null);
            }
        } catch (JsonProcessingException problem) {
            throw malformed(thing, name, "it is no JSON (" + problem.getOriginalMessage() + ")", problem);
        } catch (IOException problem) {
            throw CheckpointException.unreadable(thing, problem);
        }
    }

    private void readAnnotations(String thing, String name, JsonParser json) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            if (json.nextToken() != JsonToken.VALUE_STRING) {
                json.skipChildren();
            } else if (annotations.putIfAbsent(key, json.getText()) != null) {
                throw malformed(thing, name, "it has the annotation " + key + " twice", null);
            }
        }
    }

    /** The runtime that made the archive, where it can be told. */
    Optional<String> runtime() {
        for (String key : annotations.keySet()) {
            if (key.startsWith("io.kubernetes.cri-o.")) {
                return Optional.of("cri-o");
            }
            if (key.startsWith("io.kubernetes.cri.")) {
                return Optional.of("containerd");
            }
            if (key.startsWith("io.podman.") || key.equals("io.container.manager")) {
                return Optional.of("podman");
            }
        }
        return Optional.empty();
    }

    /**
     * Holds what the archive says against the given owner; what it does not say is not held against it.
     *
     * @throws CheckpointException if the archive was made for another
     */
    void check(String thing, Owner owner) {
        check(thing, "namespace", NAMESPACE, owner.namespace());
        check(thing, "pod", POD, owner.pod());
        check(thing, "container", CONTAINER, owner.container());
    }

    private void check(String thing, String what, List<String> keys, String expected) {
        for (String key : keys) {
            @Nullable String found = annotations.get(key);
            if (found != null && !found.equals(expected)) {
                throw new CheckpointException(
                        Reason.OTHER_OWNER,
                        thing,
                        "the archive was made for the " + what + " '" + found + "' (annotation " + key + "), not for '"
                                + expected + "'",
                        "name the archive of the container that is to be stored");
            }
        }
    }

    private static CheckpointException malformed(String thing, String name, String problem, @Nullable Throwable cause) {
        return new CheckpointException(
                Reason.MALFORMED,
                thing,
                "its file " + name + " is malformed: " + problem,
                "take the checkpoint again",
                cause);
    }
}
