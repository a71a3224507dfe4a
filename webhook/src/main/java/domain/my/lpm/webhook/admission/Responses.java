package domain.my.lpm.webhook.admission;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionRequest;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponseBuilder;
import java.util.List;
import java.util.Map;

/** Responses of all admissions; each tells its decision in one word, for the audit log and the metrics. */
final class Responses {
    /** Name of the audit annotation. */
    static final String DECISION = "decision";

    /** What the API server shows of a warning (k8s.io/apiserver, admission webhooks): longer ones are cut off. */
    private static final int WARNING_LIMIT = 256;

    private Responses() {}

    static AdmissionResponse admitted(AdmissionRequest about, String decision, List<String> warnings) {
        return new AdmissionResponseBuilder()
                .withUid(about.getUid())
                .withAllowed(true)
                .withWarnings(warnings.stream().map(Responses::shortened).toList())
                .withAuditAnnotations(Map.of(DECISION, decision))
                .build();
    }

    static AdmissionResponse denied(AdmissionRequest about, String decision, int code, String reason, String message) {
        return denied(
                about,
                decision,
                new StatusBuilder()
                        .withCode(code)
                        .withReason(reason)
                        .withMessage(message)
                        .build());
    }

    static AdmissionResponse denied(AdmissionRequest about, String decision, Status status) {
        return new AdmissionResponseBuilder()
                .withUid(about.getUid())
                .withAllowed(false)
                .withStatus(status)
                .withAuditAnnotations(Map.of(DECISION, decision))
                .build();
    }

    private static String shortened(String warning) {
        return warning.length() <= WARNING_LIMIT ? warning : warning.substring(0, WARNING_LIMIT - 1) + "…";
    }
}
