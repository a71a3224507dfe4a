package domain.my.lpm.agent.checkpoint;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.Share;
import domain.my.lpm.agent.kubelet.CriuConfiguration;
import domain.my.lpm.agent.kubelet.KubeletApi;
import domain.my.lpm.agent.kubelet.KubeletException;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.repository.Ingest;
import domain.my.lpm.checkpoint.repository.Options;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.SigningKey;
import domain.my.lpm.checkpoint.repository.VolumeArchive;
import domain.my.lpm.launcher.restore.Architecture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** The kubelet has its runtime dump; the archive it leaves on the node is then stored. */
final class KubeletDump implements Dump {
    private final KubeletApi kubelet;
    private final CriuConfiguration configuration;
    private final Launchers launchers;
    private final Places places;
    private final Share share;
    private final StepListener steps;

    KubeletDump(
            KubeletApi kubelet,
            CriuConfiguration configuration,
            Launchers launchers,
            Places places,
            Share share,
            StepListener steps) {
        this.kubelet = kubelet;
        this.configuration = configuration;
        this.launchers = launchers;
        this.places = places;
        this.share = share;
        this.steps = steps;
    }

    @Override
    public Taken take(Job job, Duration atMost) {
        CheckpointOrder order = job.order();
        Path archive;
        long frozen = System.nanoTime();
        try {
            archive = configuration.during(
                    order.hold().isPresent(),
                    order.tcp(),
                    () -> steps.during(
                            Step.CALL_KUBELET,
                            () -> kubelet.checkpoint(
                                    order.source(), job.container().name(), atMost)));
        } catch (KubeletException refused) {
            throw translated(job, refused);
        }
        if (!archive.startsWith(KubeletArchives.PLACE) || !archive.normalize().equals(archive)) {
            throw new AgentException(
                    Kind.FAILED_PRECONDITION,
                    "the kubelet named the archive " + archive + ", which is not below " + KubeletArchives.PLACE
                            + "; see its configuration");
        }
        long dumped = System.nanoTime();
        Path seen = launchers.nodeRoot().resolve(archive.toString().substring(1));
        return new Taken() {
            @Override
            public String criuVersion() {
                return "";
            }

            @Override
            public long frozen() {
                return frozen;
            }

            @Override
            public long dumped() {
                return dumped;
            }

            @Override
            public void store(Duration more) {
                KubeletDump.this.store(job, seen, more);
            }

            @Override
            public void discard() {
                try {
                    Files.deleteIfExists(seen);
                } catch (IOException left) {
                    throw new UncheckedIOException("cannot remove the kubelet's archive " + archive, left);
                }
            }
        };
    }

    private void store(Job job, Path archive, Duration atMost) {
        SigningKey key;
        try {
            key = SigningKey.load(launchers.seen(places.signingKey()));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(
                    "cannot read the signing key " + places.signingKey() + "; mount the secret that holds it",
                    unreadable);
        }
        steps.during(Step.STORE_ARCHIVE, () -> {
            share.during(
                    job.uri().toString(),
                    atMost,
                    () -> Ingest.run(
                            ArchiveSource.tar(archive),
                            share.root(),
                            job.uri(),
                            new Provenance(
                                    new Owner(
                                            job.order().source().namespace(),
                                            job.order().source().name(),
                                            job.container().name()),
                                    Architecture.ofThisMachine(),
                                    System.getProperty("os.version"),
                                    null,
                                    "cri-o",
                                    Instant.now(),
                                    Map.of()),
                            key,
                            Options.of(job.order().form(), job.order().durability())));
        });
        job.volumes()
                .forEach((volume, path) -> steps.during(Step.STORE_VOLUME, () -> {
                    share.during("the volume " + volume, atMost, () -> {
                        VolumeArchive.store(
                                Path.of("/proc/" + job.container().pid() + "/root" + path),
                                share.root(),
                                job.uri().podUid(),
                                job.uri().checkpointId(),
                                volume,
                                key,
                                job.order().durability());
                        return true;
                    });
                }));
    }

    private static AgentException translated(Job job, KubeletException refused) {
        Kind kind = switch (refused.kind()) {
            case UNREACHABLE, PAUSED -> Kind.UNAVAILABLE;
            case NOT_FOUND -> Kind.NOT_FOUND;
            case TIMED_OUT -> Kind.DEADLINE_EXCEEDED;
            case UNAUTHORIZED, FORBIDDEN, UNSUPPORTED, FAILED -> Kind.FAILED_PRECONDITION;
        };
        return new AgentException(
                kind,
                "the kubelet took no checkpoint of the container '"
                        + job.container().name() + "' of pod " + job.order().source() + ": " + refused.getMessage(),
                refused);
    }
}
