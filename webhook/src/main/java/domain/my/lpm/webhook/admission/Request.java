package domain.my.lpm.webhook.admission;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionRequest;

/**
 * A request for admission.
 *
 * @param about everything but the objects
 * @param object the object as the API server sent it, so that a request about an object of which we cannot make sense can be
 *     answered, too; missing where the operation has none
 */
public record Request(AdmissionRequest about, JsonNode object) {}
