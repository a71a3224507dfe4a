package domain.my.lpm.webhook.admission;

import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;

/** Decides about requests of one kind. A function of the request alone. */
@FunctionalInterface
public interface Admission {
    /**
     * Decides.
     *
     * @return the response, with the request's uid
     * @throws BadRequestException when the request lacks what the decision needs
     */
    AdmissionResponse decide(Request request) throws BadRequestException;
}
