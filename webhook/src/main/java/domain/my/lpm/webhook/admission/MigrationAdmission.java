package domain.my.lpm.webhook.admission;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import domain.my.lpm.api.ApiGroup;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.validation.Blocker;
import domain.my.lpm.api.validation.MigrationBlockers;
import domain.my.lpm.api.validation.MigrationFacts;
import domain.my.lpm.api.validation.MigrationWarnings;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionRequest;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides about PodMigrations that are created: refuses those that could not begin, with everything that stands in the way in one
 * answer. Changes are the business of the rules in the CRD.
 */
public final class MigrationAdmission implements Admission {
    /** Where the API server sends them. */
    public static final String PATH = "/validate-podmigrations";

    private static final Logger LOG = LoggerFactory.getLogger(MigrationAdmission.class);
    private static final int INVALID = 422;
    private static final int UNAVAILABLE = 503;

    /** A field that a newer schema has is not ours to judge. */
    private static final ObjectReader READER =
            Reviews.MAPPER.readerFor(PodMigration.class).without(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private final FactsSource facts;
    private final Set<String> systemNamespaces;

    /**
     * @param facts what is looked up for each migration
     * @param systemNamespaces the namespaces whose pods are never touched, so that none there can be moved
     */
    public MigrationAdmission(FactsSource facts, Set<String> systemNamespaces) {
        this.facts = facts;
        this.systemNamespaces = Set.copyOf(systemNamespaces);
    }

    @Override
    public AdmissionResponse decide(Request request) throws BadRequestException {
        AdmissionRequest about = request.about();
        if (!isCreation(about)) {
            return Responses.admitted(about, "not-a-new-migration", List.of());
        }
        if (!request.object().isObject()) {
            throw new BadRequestException("the request to create a PodMigration has no object; send the PodMigration");
        }
        PodMigration migration;
        try {
            migration = READER.readValue(request.object());
        } catch (JsonProcessingException malformed) {
            throw new BadRequestException("the PodMigration is malformed: " + malformed.getOriginalMessage());
        } catch (IOException impossible) {
            throw new IllegalStateException("a tree in memory cannot be read", impossible);
        }
        if (migration.getSpec() == null || migration.getMetadata() == null) {
            throw new BadRequestException("the PodMigration has no spec or no metadata; send both");
        }
        migration.getMetadata().setNamespace(about.getNamespace());
        // The API server has given it both already; but of two created in one second that which is stored comes first.
        migration.getMetadata().setCreationTimestamp(null);
        migration.getMetadata().setUid(null);
        return decide(about, migration);
    }

    private AdmissionResponse decide(AdmissionRequest about, PodMigration migration) {
        MigrationFacts known;
        try {
            known = facts.of(migration);
        } catch (IOException unknown) {
            LOG.error(
                    "PodMigration '{}' in namespace '{}' was refused, request {}",
                    name(migration),
                    about.getNamespace(),
                    about.getUid(),
                    unknown);
            return Responses.denied(
                    about,
                    "failed",
                    UNAVAILABLE,
                    "ServiceUnavailable",
                    "whether PodMigration '%s' can begin is not known: %s"
                            .formatted(name(migration), unknown.getMessage()));
        }
        List<Blocker> blockers = new ArrayList<>(MigrationBlockers.of(migration, known));
        if (systemNamespaces.contains(about.getNamespace())) {
            blockers.add(
                    0,
                    new Blocker(
                            Reasons.SYSTEM_NAMESPACE,
                            "pods of the system namespace '%s' are never prepared for migration; create the pod in another namespace"
                                    .formatted(about.getNamespace())));
        }
        return blockers.isEmpty()
                ? Responses.admitted(about, "admitted", MigrationWarnings.of(migration, known))
                : refused(about, migration, blockers);
    }

    /** In the message for every client, and as causes, which kubectl lists a line each. */
    private static AdmissionResponse refused(AdmissionRequest about, PodMigration migration, List<Blocker> blockers) {
        String listed = blockers.size() == 1
                ? blockers.get(0).message()
                : blockers.stream().map(blocker -> "\n- " + blocker.message()).collect(Collectors.joining());
        return Responses.denied(
                about,
                "refused",
                new StatusBuilder()
                        .withCode(INVALID)
                        .withReason("Invalid")
                        .withMessage("PodMigration '%s' cannot begin: %s".formatted(name(migration), listed))
                        .withNewDetails()
                        .withGroup(ApiGroup.NAME)
                        .withKind("PodMigration")
                        .withName(name(migration))
                        .withCauses(blockers.stream()
                                .map(blocker -> new StatusCause("spec", blocker.message(), blocker.reason()))
                                .toList())
                        .endDetails()
                        .build());
    }

    private static String name(PodMigration migration) {
        String name = migration.getMetadata().getName();
        return name == null || name.isEmpty() ? migration.getMetadata().getGenerateName() + "*" : name;
    }

    private static boolean isCreation(AdmissionRequest about) {
        return "CREATE".equals(about.getOperation())
                && about.getResource() != null
                && ApiGroup.NAME.equals(about.getResource().getGroup())
                && "podmigrations".equals(about.getResource().getResource())
                && (about.getSubResource() == null || about.getSubResource().isEmpty());
    }
}
