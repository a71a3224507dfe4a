package domain.my.lpm.webhook.admission;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionRequest;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionReview;
import java.io.IOException;
import java.util.Optional;

/** AdmissionReview of admission.k8s.io/v1 as JSON. */
public final class Reviews {
    private static final String API_VERSION = "admission.k8s.io/v1";
    private static final String KIND = "AdmissionReview";

    static final ObjectMapper MAPPER = new ObjectMapper();

    /** Not a setting of the mapper: there it refuses parts of trees, too. */
    private static final ObjectReader WHOLE = MAPPER.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Reviews() {}

    /**
     * Reads a review.
     *
     * @throws BadRequestException when it is no JSON, of another kind or version, or without a request
     */
    public static Request read(byte[] body) throws BadRequestException {
        JsonNode review;
        try {
            review = WHOLE.readTree(body);
        } catch (JacksonException malformed) {
            throw new BadRequestException("the body is no JSON: %s; send an %s of %s"
                    .formatted(malformed.getOriginalMessage(), KIND, API_VERSION));
        } catch (IOException unreadable) {
            throw new BadRequestException("the body cannot be read: " + unreadable.getMessage());
        }
        String kind = review.path("kind").asText();
        String version = review.path("apiVersion").asText();
        if (!kind.equals(KIND) || !version.equals(API_VERSION)) {
            throw new BadRequestException("the body is of kind '%s' and apiVersion '%s'; only %s of %s is answered"
                    .formatted(kind, version, KIND, API_VERSION));
        }
        if (!(review.path("request") instanceof ObjectNode request)
                || request.path("uid").asText().isEmpty()) {
            throw new BadRequestException("the review has no request with a uid; set both");
        }
        JsonNode object = Optional.ofNullable(request.remove("object")).orElseGet(MissingNode::getInstance);
        request.remove("oldObject");
        request.remove("options");
        try {
            return new Request(MAPPER.treeToValue(request, AdmissionRequest.class), object);
        } catch (JsonProcessingException malformed) {
            throw new BadRequestException("the request is malformed: " + malformed.getOriginalMessage());
        }
    }

    /** Writes a review with {@code response}. */
    public static byte[] write(AdmissionResponse response) {
        AdmissionReview review = new AdmissionReview();
        review.setApiVersion(API_VERSION);
        review.setKind(KIND);
        review.setResponse(response);
        try {
            return MAPPER.writeValueAsBytes(review);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a response cannot be written as JSON", impossible);
        }
    }
}
