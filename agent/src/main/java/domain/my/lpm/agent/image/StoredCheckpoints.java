package domain.my.lpm.agent.image;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.ImageImport;
import domain.my.lpm.agent.Share;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.restore.Manifests;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Durable;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.SignatureState;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.StoredFile;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What is done with checkpoints that are stored. */
public final class StoredCheckpoints {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Pattern POD = Pattern.compile("shared://([^/]*)/([^/]*)");
    private static final String IMAGES = "images";
    private static final String PARTIAL = ".images.partial";
    private static final String CHECKPOINT = "checkpoint";

    private final Launchers launchers;
    private final Places places;
    private final Share share;
    private final Optional<Importer> importer;
    private final StepListener steps;

    /**
     * Those of a repository.
     *
     * @param images see {@link domain.my.lpm.agent.AgentSettings#images}
     */
    public StoredCheckpoints(Launchers launchers, Places places, Share share, ImageImport images, StepListener steps) {
        this.launchers = launchers;
        this.places = places;
        this.share = share;
        this.importer = importer(images, launchers);
        this.steps = steps;
    }

    private static Optional<Importer> importer(ImageImport images, Launchers launchers) {
        if (images instanceof ImageImport.Command command) {
            return Optional.of(new CommandImporter(launchers, command.words()));
        }
        return images instanceof ImageImport.Pull pull ? Optional.of(new PullImporter(pull)) : Optional.empty();
    }

    /**
     * Deletes the checkpoint of a pod, or of one container of it.
     *
     * @param uri {@code shared://<podUID>/<checkpointID>}, or one container of it
     * @return whether there was something to delete
     * @throws IllegalArgumentException if it is named otherwise
     */
    public boolean delete(String uri) {
        Matcher pod = POD.matcher(uri);
        Path directory;
        if (pod.matches()) {
            // Any container's name will do: it checks the others.
            CheckpointUri checked = new CheckpointUri(pod.group(1), pod.group(2), "any");
            directory = share.root().resolve(checked.podUid()).resolve(checked.checkpointId());
        } else {
            directory = CheckpointUri.parse(uri).directory(share.root());
        }
        return steps.during(
                Step.DELETE_CHECKPOINT,
                () -> share.during("the deletion of " + uri, LONG, () -> {
                    if (!Share.isThere(directory)) {
                        return false;
                    }
                    // Without its mark it is no checkpoint any more, wherever this is cut short.
                    Durable.delete(directory.resolve(".checkpoint-complete"));
                    Durable.delete(directory);
                    Path above = directory.getParent();
                    if (above != null && isEmpty(above)) {
                        Durable.delete(above);
                    }
                    return true;
                }));
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    /**
     * Writes CRIU's images as plain files, verified, beside an archive. The signed form stays the archive.
     *
     * @return what they take, in bytes
     */
    public long extract(CheckpointUri uri) {
        return steps.during(
                Step.EXTRACT_IMAGES,
                () -> share.during("the images of " + uri, LONG, () -> {
                    StoredContainer stored = trusted(uri);
                    Path images = stored.directory().resolve(IMAGES);
                    List<StoredFile> files = stored.files().stream()
                            .filter(file -> file.name().startsWith(CHECKPOINT + "/"))
                            .toList();
                    if (!Share.isThere(images)) {
                        Path partial = stored.directory().resolve(PARTIAL);
                        Durable.delete(partial);
                        stored.extractTo(
                                partial, files.stream().map(StoredFile::name).toList(), Runnable::run);
                        Files.move(partial.resolve(CHECKPOINT), images, StandardCopyOption.ATOMIC_MOVE);
                        Durable.delete(partial);
                    }
                    return files.stream().mapToLong(StoredFile::size).sum();
                }));
    }

    private StoredContainer trusted(CheckpointUri uri) {
        TrustedKeys keys;
        try {
            keys = TrustedKeys.load(launchers.seen(places.trustedKeys()));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(
                    "cannot read the trusted keys in " + places.trustedKeys() + "; mount the directory that holds them",
                    unreadable);
        }
        Repository.Inspection inspection = new Repository(share.root()).inspect(uri, keys);
        if (inspection.signature() != SignatureState.TRUSTED) {
            throw new AgentException(
                    Kind.FAILED_PRECONDITION,
                    uri + ": its signature is " + inspection.signature()
                            + "; use a checkpoint that an agent of this cluster has taken");
        }
        return inspection.container();
    }

    /**
     * Makes a checkpoint image of a stored container and puts it into the node's storage.
     *
     * @param digest of its manifest
     * @return the image's name
     */
    public String convert(CheckpointUri uri, String digest) {
        Importer into = importer.orElseThrow(() -> new AgentException(
                Kind.FAILED_PRECONDITION,
                "this node's agent has no way to import an image; set --image-command, or use self-restore"));
        Path layout =
                places.staging().resolve("image-" + uri.podUid() + "-" + uri.checkpointId() + "-" + uri.container());
        // A name that tells one checkpoint from another.
        String repository = "lpm-checkpoint/" + uri.container();
        String tag = digest.substring("sha256:".length(), "sha256:".length() + 32);
        try {
            Importer.Base base = share.during("the image of " + uri, LONG, () -> {
                String found = Manifests.digest(uri, share.root());
                if (!found.equals(digest)) {
                    throw new AgentException(
                            Kind.FAILED_PRECONDITION,
                            uri + ": its manifest has the digest " + found + " and not " + digest
                                    + "; name the checkpoint that was taken");
                }
                StoredContainer stored = trusted(uri);
                CheckpointImage.requireOfRuntime(stored, uri);
                Importer.Base from = CheckpointImage.base(stored);
                into.prepare(from);
                CheckpointImage.write(stored, launchers.seen(layout), tag);
                return from;
            });
            return steps.during(Step.IMPORT_IMAGE, () -> into.load(layout, repository, tag, base));
        } finally {
            try {
                Durable.delete(launchers.seen(layout));
            } catch (IOException left) {
                throw new UncheckedIOException("cannot remove the image layout " + layout, left);
            }
        }
    }
}
