package domain.my.lpm.agent.server;

import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.checkpoint.CheckpointOrder;
import domain.my.lpm.agent.checkpoint.CheckpointOrder.HoldTerms;
import domain.my.lpm.agent.checkpoint.CheckpointOrder.Taker;
import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerRelease;
import domain.my.lpm.agent.protocol.OnFailure;
import domain.my.lpm.agent.protocol.PrepareRequest;
import domain.my.lpm.agent.protocol.StoredForm;
import domain.my.lpm.agent.protocol.TcpPolicy;
import domain.my.lpm.agent.restore.Release;
import domain.my.lpm.agent.restore.StandbyOrder;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Durability;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.launcher.criu.Tcp;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What callers ask for, held against its form before anything is done. Every method throws {@link IllegalArgumentException}
 * naming what is wrong.
 */
final class Requests {
    private static final int MOST = 256;
    private static final long SHORTEST_MILLIS = 1000;
    private static final long LONGEST_MILLIS = 24L * 3600 * 1000;
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

    private Requests() {}

    static PodReference pod(domain.my.lpm.agent.protocol.PodReference pod) {
        return new PodReference(pod.getNamespace(), pod.getName(), pod.getUid());
    }

    static CheckpointUri uri(String text) {
        return CheckpointUri.parse(text);
    }

    static String digest(String text) {
        return require(DIGEST, text, "digest of a manifest");
    }

    static Duration deadline(long millis) {
        if (millis < SHORTEST_MILLIS || millis > LONGEST_MILLIS) {
            throw new IllegalArgumentException("a deadline of " + millis + " ms is not between " + SHORTEST_MILLIS
                    + " and " + LONGEST_MILLIS + " ms; ask for one that is");
        }
        return Duration.ofMillis(millis);
    }

    static StandbyOrder standby(PrepareRequest request) {
        // Checks namespace and name as those of any pod.
        PodReference source = new PodReference(request.getSourceNamespace(), request.getSourceName(), "none");
        return new StandbyOrder(
                pod(request.getTarget()),
                source.namespace(),
                source.name(),
                labels(request.getContainersList(), "container"),
                tcp(request.getTcp(), Tcp.CLOSE),
                request.getLazy(),
                fresh(request.getOnFailure()),
                labels(request.getVolumesList(), "volume"));
    }

    static CheckpointOrder checkpoint(CheckpointRequest request) {
        PodReference source = pod(request.getSource());
        List<String> containers = labels(request.getContainersList(), "container");
        // Checks the id, and that the containers can be stored.
        for (String container : containers.isEmpty() ? List.of("any") : containers) {
            new CheckpointUri(source.uid(), request.getCheckpointId(), container);
        }
        return new CheckpointOrder(
                source,
                request.getCheckpointId(),
                containers,
                taker(request.getTaker()),
                form(request.getForm()),
                tcp(request.getTcp(), Tcp.ESTABLISHED),
                request.hasHold() ? Optional.of(hold(request.getHold())) : Optional.empty(),
                labels(request.getVolumesList(), "volume"),
                request.getDurableLater() ? Durability.LATER : Durability.BEFORE_COMPLETE,
                deadline(request.getDeadlineMillis()));
    }

    static String checkpointId(PodReference pod, String id) {
        // Any container's name will do: it checks the others.
        new CheckpointUri(pod.uid(), id, "any");
        return id;
    }

    static List<Release> releases(List<ContainerRelease> releases) {
        if (releases.isEmpty()) {
            throw new IllegalArgumentException("no container is to be restored; name at least one");
        }
        labels(releases.stream().map(ContainerRelease::getContainer).toList(), "container");
        return releases.stream()
                .map(release -> new Release(release.getContainer(), uri(release.getUri()), digest(release.getDigest())))
                .toList();
    }

    private static HoldTerms hold(domain.my.lpm.agent.protocol.HoldTerms terms) {
        int slash = terms.getMigration().indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException(
                    "'" + terms.getMigration() + "' names no PodMigration: write its namespace, a slash and its name");
        }
        // Namespace, name and uid have the form of a pod's.
        PodReference migration = new PodReference(
                terms.getMigration().substring(0, slash),
                terms.getMigration().substring(slash + 1),
                terms.getMigrationUid());
        return new HoldTerms(terms.getMigration(), migration.uid(), Duration.ofMillis(terms.getLeaseMillis()));
    }

    private static List<String> labels(List<String> names, String what) {
        if (names.size() > MOST) {
            throw new IllegalArgumentException(names.size() + " " + what + "s are more than a pod can have");
        }
        names.forEach(name -> require(LABEL, name, what));
        if (new HashSet<>(names).size() < names.size()) {
            throw new IllegalArgumentException("a " + what + " is named twice in " + names + "; name each once");
        }
        return names;
    }

    private static String require(Pattern pattern, String text, String what) {
        if (!pattern.matcher(text).matches()) {
            throw new IllegalArgumentException("'" + text + "' is no " + what + ": it must match " + pattern);
        }
        return text;
    }

    private static Tcp tcp(TcpPolicy policy, Tcp otherwise) {
        return switch (policy) {
            case TCP_POLICY_UNSPECIFIED -> otherwise;
            case ESTABLISHED -> Tcp.ESTABLISHED;
            case CLOSE -> Tcp.CLOSE;
            case FAIL -> Tcp.FAIL;
            case UNRECOGNIZED -> throw unknown("TCP policy");
        };
    }

    private static boolean fresh(OnFailure policy) {
        return switch (policy) {
            case ON_FAILURE_UNSPECIFIED, END -> false;
            case START_FRESH -> true;
            case UNRECOGNIZED -> throw unknown("policy for a failure");
        };
    }

    private static Optional<Taker> taker(domain.my.lpm.agent.protocol.Taker taker) {
        return switch (taker) {
            case TAKER_UNSPECIFIED -> Optional.empty();
            case KUBELET -> Optional.of(Taker.KUBELET);
            case LAUNCHER -> Optional.of(Taker.LAUNCHER);
            case UNRECOGNIZED -> throw unknown("taker");
        };
    }

    private static Form form(StoredForm form) {
        return switch (form) {
            case STORED_FORM_UNSPECIFIED, COMPRESSED -> Form.COMPRESSED;
            case EXTRACTED -> Form.EXTRACTED;
            case BOTH -> Form.BOTH;
            case UNRECOGNIZED -> throw unknown("form");
        };
    }

    private static IllegalArgumentException unknown(String what) {
        return new IllegalArgumentException(
                "this agent does not know the " + what + " asked for; update it, or ask for another");
    }
}
