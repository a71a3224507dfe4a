package domain.my.lpm.sandbox.migration;

import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Ingest;
import domain.my.lpm.checkpoint.repository.Options;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.launcher.restore.Architecture;
import domain.my.lpm.sandbox.Result;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the source node's agent does with a container. */
public final class SourceAgent {
    /** More than the launcher allows CRIU by itself. */
    private static final Duration CHECKPOINT = Duration.ofMinutes(4);

    private SourceAgent() {}

    /** Who a container is, for those who check whose checkpoint they restore. */
    public static Owner owner(RunningContainer container) {
        var metadata = container.pod().pod().getMetadata();
        String namespace = metadata.getNamespace() == null ? "default" : metadata.getNamespace();
        return new Owner(namespace, metadata.getName(), container.name());
    }

    /** The name of a container's checkpoint. */
    public static CheckpointUri uri(RunningContainer container, String checkpointId) {
        return new CheckpointUri(container.pod().uid(), checkpointId, container.name());
    }

    /** The launcher's options for where it works, and whose checkpoint it works with. */
    static List<String> place(RunningContainer container, Owner owner) {
        return List.of(
                "--pid",
                Integer.toString(container.pid()),
                "--namespace",
                owner.namespace(),
                "--pod",
                owner.pod(),
                "--container",
                owner.container());
    }

    /** Puts a runtime's archive into the repository. */
    public static StoredContainer store(
            RunningContainer container,
            RuntimeCheckpoint checkpoint,
            String checkpointId,
            Form form,
            Path repository,
            AgentKey key) {
        return Ingest.run(
                ArchiveSource.tar(checkpoint.archive()),
                repository,
                uri(container, checkpointId),
                new Provenance(
                        owner(container),
                        Architecture.ofThisMachine(),
                        System.getProperty("os.version"),
                        null,
                        "cri-o",
                        Instant.now(),
                        Map.of()),
                key.signer(),
                Options.of(form));
    }

    /** Takes a checkpoint by the launcher, held. */
    public static CheckpointUri checkpoint(RunningContainer container, String checkpointId, List<String> options) {
        CheckpointUri uri = uri(container, checkpointId);
        List<String> arguments = new ArrayList<>(List.of("checkpoint"));
        arguments.addAll(place(container, owner(container)));
        arguments.addAll(List.of("--signing-key", AgentKey.SIGNING_KEY, "--checkpoint", uri.toString()));
        arguments.addAll(options);
        container.node().agent(CHECKPOINT, arguments).orThrow();
        return uri;
    }

    /** Ends a hold of the launcher's; {@code command} is resume or fence. */
    public static Result end(RunningContainer container, String command) {
        return container.node().agent(List.of(command, "--pid", Integer.toString(container.pid())));
    }
}
