package domain.my.lpm.webhook.admission;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.Labels;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.webhook.rewrite.Decision;
import domain.my.lpm.webhook.rewrite.PodRefusedException;
import domain.my.lpm.webhook.rewrite.PodRewrite;
import domain.my.lpm.webhook.rewrite.Rewrite;
import domain.my.lpm.webhook.rewrite.Settings;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionRequest;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides about pods that are created: rewrites those that are to be prepared for migration.
 *
 * <p>A pod that did not ask by an annotation of its own is admitted whatever happens here, as it came if need be. A pod that
 * asked is refused when an annotation is invalid or something fails here; what {@link Decision#CANNOT} says is a warning.
 */
public final class PodAdmission implements Admission {
    private static final Logger LOG = LoggerFactory.getLogger(PodAdmission.class);

    private static final int INVALID = 422;
    private static final int INTERNAL_ERROR = 500;

    /** {@link PodRewrite#rewrite}, or what a test puts in its place. */
    interface Rewriting {
        Rewrite rewrite(Pod pod, Settings settings);
    }

    private final Settings settings;
    private final Set<String> systemNamespaces;
    private final Injection injection;
    private final Rewriting rewriting;

    /**
     * @param settings by what pods are rewritten; its {@code namespaceInjection} is not used
     * @param systemNamespaces the namespaces whose pods are never touched
     * @param injection what the namespaces say from which requests come
     * @throws IllegalArgumentException when {@code settings} are those of a standby
     */
    public PodAdmission(Settings settings, Set<String> systemNamespaces, Injection injection) {
        this(settings, systemNamespaces, injection, PodRewrite::rewrite);
    }

    PodAdmission(Settings settings, Set<String> systemNamespaces, Injection injection, Rewriting rewriting) {
        if (settings.standby()) {
            throw new IllegalArgumentException(
                    "setting standby would make every pod the target of a migration; remove it,"
                            + " targets name their checkpoint in the annotation " + Annotations.CHECKPOINT_PATH);
        }
        this.settings = settings.withNamespaceInjection(
                injection == Injection.ENABLED ? Labels.INJECTION_ENABLED : Labels.INJECTION_DISABLED);
        this.systemNamespaces = Set.copyOf(systemNamespaces);
        this.injection = injection;
        this.rewriting = rewriting;
    }

    @Override
    public AdmissionResponse decide(Request request) throws BadRequestException {
        AdmissionRequest about = request.about();
        if (!isCreationOfAPod(about)) {
            return Responses.admitted(about, "not-a-new-pod", List.of());
        }
        JsonNode sent = request.object();
        if (!sent.isObject()) {
            throw new BadRequestException("the request to create a pod has no object; send the pod");
        }
        boolean asked = asks(sent);
        if (systemNamespaces.contains(about.getNamespace())) {
            return Responses.admitted(
                    about,
                    "system-namespace",
                    asked
                            ? List.of(
                                    "%s is not prepared for migration: pods of the system namespace '%s' never are; remove its"
                                                    .formatted(name(sent), about.getNamespace())
                                            + " annotations " + Annotations.RESTORE_MODE + " and "
                                            + Annotations.CHECKPOINT_PATH)
                            : List.of());
        }
        try {
            Pod pod = Reviews.MAPPER.treeToValue(sent, Pod.class);
            return answer(about, sent, pod, rewriting.rewrite(pod, settings));
        } catch (PodRefusedException refused) {
            String reason = String.valueOf(refused.getMessage());
            return asked
                    ? Responses.denied(about, "refused", INVALID, "Invalid", reason)
                    : Responses.admitted(about, "refused", List.of(reason));
        } catch (JsonProcessingException | RuntimeException | StackOverflowError failed) {
            LOG.error(
                    "{} in namespace '{}', request {}: it could not be prepared for migration and was {}",
                    name(sent),
                    about.getNamespace(),
                    about.getUid(),
                    asked ? "refused" : "admitted as it is",
                    failed);
            String reason = failed instanceof JsonProcessingException malformed
                    ? malformed.getOriginalMessage()
                    : failed.toString();
            return asked
                    ? Responses.denied(
                            about,
                            "failed",
                            INTERNAL_ERROR,
                            "InternalError",
                            ("%s asks to be prepared for migration, which failed: %s; try again, see the webhook's log for request"
                                            + " %s, or remove the annotations %s and %s to create it unprepared")
                                    .formatted(
                                            name(sent),
                                            reason,
                                            about.getUid(),
                                            Annotations.RESTORE_MODE,
                                            Annotations.CHECKPOINT_PATH))
                    : Responses.admitted(
                            about,
                            "failed",
                            List.of("%s is not prepared for migration, see the webhook's log for request %s: %s"
                                    .formatted(name(sent), about.getUid(), reason)));
        }
    }

    private AdmissionResponse answer(AdmissionRequest about, JsonNode sent, Pod pod, Rewrite rewrite) {
        List<String> warnings = new ArrayList<>(rewrite.warnings());
        if (injection == Injection.UNKNOWN && rewrite.decision() == Decision.NOT_ASKED) {
            warnings.add("the label %s of namespace '%s' has an unknown value, which counts as %s; allowed are %s, %s"
                    .formatted(
                            Labels.INJECTION,
                            about.getNamespace(),
                            Labels.INJECTION_DISABLED,
                            Labels.INJECTION_ENABLED,
                            Labels.INJECTION_DISABLED));
        }
        AdmissionResponse response = Responses.admitted(
                about, rewrite.decision().name().toLowerCase(Locale.ROOT).replace('_', '-'), warnings);
        if (rewrite.decision() == Decision.INJECT) {
            String patch = Patch.between(sent, pod, rewrite.pod()).toString();
            response.setPatchType("JSONPatch");
            response.setPatch(Base64.getEncoder().encodeToString(patch.getBytes(StandardCharsets.UTF_8)));
        }
        return response;
    }

    private static boolean isCreationOfAPod(AdmissionRequest about) {
        return "CREATE".equals(about.getOperation())
                && about.getResource() != null
                && ""
                        .equals(
                                about.getResource().getGroup() == null
                                        ? ""
                                        : about.getResource().getGroup())
                && "pods".equals(about.getResource().getResource())
                && (about.getSubResource() == null || about.getSubResource().isEmpty());
    }

    /** From the JSON itself, since it must be known of a pod that cannot be read, too. */
    private static boolean asks(JsonNode pod) {
        JsonNode annotations = pod.path("metadata").path("annotations");
        return annotations.has(Annotations.CHECKPOINT_PATH)
                || (annotations.has(Annotations.RESTORE_MODE)
                        && !annotations.path(Annotations.RESTORE_MODE).asText().equals(RestoreMode.NONE.value()));
    }

    private static String name(JsonNode pod) {
        JsonNode metadata = pod.path("metadata");
        return Stream.of(
                        metadata.path("name").asText(),
                        metadata.path("generateName").asText() + "*")
                .filter(name -> !name.isEmpty() && !name.equals("*"))
                .findFirst()
                .map("pod '%s'"::formatted)
                .orElse("the pod");
    }
}
