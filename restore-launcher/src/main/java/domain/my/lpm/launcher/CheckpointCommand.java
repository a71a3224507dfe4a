package domain.my.lpm.launcher;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Durability;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.launcher.checkpoint.Checkpoint;
import domain.my.lpm.launcher.checkpoint.CheckpointSettings;
import domain.my.lpm.launcher.criu.Tcp;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Takes a checkpoint of one container. */
@Command(
        name = "checkpoint",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Dumps a running container into the repository by the toolkit's own CRIU and holds it: nothing of"
                + " it runs on until 'resume' or 'fence'.",
        footer = {
            "",
            "On standard output: 'dumping' before CRIU starts, 'dumped' when it is done, and the URI when it is stored.",
            "Exit codes: 0 stored; 1 failed, the container goes on; 2 wrong options."
        })
final class CheckpointCommand implements Callable<Integer> {
    @Mixin
    private ContainerOptions container = new ContainerOptions();

    @Option(
            names = "--checkpoint",
            paramLabel = "URI",
            required = true,
            defaultValue = "${env:LPM_CHECKPOINT}",
            description = "Where it goes: shared://<podUID>/<checkpointID>/<container>. [LPM_CHECKPOINT]")
    private String checkpoint = "";

    @Option(
            names = "--signing-key",
            paramLabel = "FILE",
            defaultValue = "${env:LPM_SIGNING_KEY:-/etc/lpm/signing-key.pem}",
            description = "The ed25519 private key that signs it. [LPM_SIGNING_KEY, default /etc/lpm/signing-key.pem]")
    private Path signingKey = Path.of("/etc/lpm/signing-key.pem");

    @Option(
            names = "--form",
            paramLabel = "FORM",
            defaultValue = "${env:LPM_FORM:-extracted}",
            description = "extracted, compressed or both. [LPM_FORM, default extracted]")
    private Form form = Form.EXTRACTED;

    @Option(
            names = "--durability",
            paramLabel = "WHEN",
            defaultValue = "${env:LPM_DURABILITY:-before-complete}",
            converter = When.class,
            description =
                    "When it is on the disk: before-complete, or later, which whoever started this program sees to."
                            + " [LPM_DURABILITY, default before-complete]")
    private Durability durability = Durability.BEFORE_COMPLETE;

    @Option(
            names = "--leave-running",
            defaultValue = "${env:LPM_LEAVE_RUNNING:-false}",
            description = "Do not hold: what the container does afterwards is not in the checkpoint."
                    + " [LPM_LEAVE_RUNNING, default false]")
    private boolean leaveRunning;

    @Option(
            names = "--tcp",
            paramLabel = "POLICY",
            defaultValue = "${env:LPM_TCP:-established}",
            description = "Established TCP connections: established (they are in the checkpoint), close, fail."
                    + " [LPM_TCP, default established]")
    private Tcp tcp = Tcp.ESTABLISHED;

    @Option(
            names = "--rehearsal",
            paramLabel = "DURATION",
            converter = ContainerOptions.Seconds.class,
            defaultValue = "${env:LPM_REHEARSAL:-1s}",
            description =
                    "How long to practise on a sample before the dump, at most twice as long, so that the container"
                            + " stands still for a shorter time. [LPM_REHEARSAL, default 1s]")
    private Duration rehearsal = Duration.ofSeconds(1);

    @Override
    public Integer call() {
        StoredContainer stored = new Checkpoint(
                        new CheckpointSettings(
                                container.pid(),
                                container.repository(),
                                container.staging(),
                                CheckpointUri.parse(checkpoint),
                                container.owner(),
                                signingKey,
                                form,
                                durability,
                                container.volumes(),
                                !leaveRunning,
                                tcp,
                                rehearsal,
                                container.deadline(),
                                container.criu()),
                        Clock.systemUTC(),
                        new Checkpoint.Progress() {
                            @Override
                            public void dumping() {
                                System.out.println(DUMPING);
                            }

                            @Override
                            public void dumped() {
                                System.out.println(DUMPED);
                            }
                        })
                .take();
        System.out.println(stored.uri());
        return 0;
    }

    /** The value of {@code --durability}. */
    static final class When implements ITypeConverter<Durability> {
        @Override
        public Durability convert(String text) {
            return switch (text) {
                case "before-complete" -> Durability.BEFORE_COMPLETE;
                case "later" -> Durability.LATER;
                default ->
                    throw new TypeConversionException(
                            "'" + text + "' is neither before-complete nor later; write one of them");
            };
        }
    }
}
