package domain.my.lpm.controller;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;

/** The one way in which statuses are written: whole, and only if the object has not changed since it was read. */
public final class StatusPatch {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private StatusPatch() {}

    /**
     * Writes the status of {@code changed} under the precondition of its resourceVersion.
     *
     * @return the object as stored
     * @throws ConflictException when it has changed, or is gone
     */
    public static <R extends CustomResource<?, ?>> R write(KubernetesClient client, R changed) {
        ArrayNode patch = JSON.createArrayNode();
        // The API server holds this against what it has, and answers 409 where that differs.
        patch.addObject()
                .put("op", "replace")
                .put("path", "/metadata/resourceVersion")
                .put("value", changed.getMetadata().getResourceVersion());
        patch.addObject()
                .put("op", "add")
                .put("path", "/status")
                .set(
                        "value",
                        client.getKubernetesSerialization()
                                .convertValue(changed.getStatus(), com.fasterxml.jackson.databind.JsonNode.class));
        try {
            return client.resource(changed)
                    .subresource("status")
                    .patch(PatchContext.of(PatchType.JSON), JSON.writeValueAsString(patch));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a tree of JSON can always be written", impossible);
        } catch (KubernetesClientException refused) {
            throw refused.getCode() == HttpURLConnection.HTTP_CONFLICT
                            || refused.getCode() == HttpURLConnection.HTTP_NOT_FOUND
                    ? new ConflictException(refused)
                    : refused;
        }
    }
}
