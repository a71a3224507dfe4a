package domain.my.lpm.launcher;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.launcher.criu.Tcp;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.restore.AskedFor;
import domain.my.lpm.launcher.restore.CommitPipe;
import domain.my.lpm.launcher.restore.ExitCode;
import domain.my.lpm.launcher.restore.Restore;
import domain.my.lpm.launcher.restore.RestoreSettings;
import domain.my.lpm.launcher.restore.RestoreSettings.Otherwise;
import domain.my.lpm.launcher.status.StatusFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Restores one container. */
@Command(
        name = "restore",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Continues a checkpointed container inside another one, whose first process is the waiting entry.",
        footer = {
            "",
            "Exit codes: 0 restored; 10 the application was started anew; 20 failed, nothing runs; 2 wrong options."
        })
final class RestoreCommand implements Callable<Integer> {
    @Mixin
    private ContainerOptions container = new ContainerOptions();

    @Option(
            names = "--checkpoint",
            paramLabel = "URI",
            defaultValue = "${env:LPM_CHECKPOINT}",
            description = "What to restore: shared://<podUID>/<checkpointID>/<container>. [LPM_CHECKPOINT]")
    private @Nullable String checkpoint;

    @Option(
            names = "--standby",
            defaultValue = "${env:LPM_STANDBY:-false}",
            description =
                    "Prepare everything, then wait for the release: one line with the checkpoint's URI, or an empty"
                            + " one to start the application anew. [LPM_STANDBY, default false]")
    private boolean standby;

    @Option(
            names = "--release",
            paramLabel = "FIFO",
            defaultValue = "${env:LPM_RELEASE}",
            description = "Where that line is read from, instead of the standard input. [LPM_RELEASE]")
    private @Nullable Path release;

    @Option(
            names = "--commit",
            paramLabel = "FIFO",
            defaultValue = "${env:LPM_COMMIT}",
            description =
                    "Let nothing run, restored or anew, before the word that is read from this named pipe: one line"
                            + " with run, fresh (start the application anew) or stop. [LPM_COMMIT, default none is awaited]")
    private @Nullable Path commit;

    @Option(
            names = "--trusted-keys",
            paramLabel = "DIR",
            defaultValue = "${env:LPM_TRUSTED_KEYS:-/etc/lpm/trusted-keys}",
            description = "Public keys (*.pem) whose signatures are accepted."
                    + " [LPM_TRUSTED_KEYS, default /etc/lpm/trusted-keys]")
    private Path trustedKeys = Path.of("/etc/lpm/trusted-keys");

    @Option(
            names = "--claimant",
            paramLabel = "NAME",
            defaultValue = "${env:LPM_CLAIMANT}",
            description = "Who consumes the checkpoint, recorded with it: a name for this one start of the container,"
                    + " for example the target pod's uid and the container's id. [LPM_CLAIMANT, default the container's"
                    + " first process]")
    private @Nullable String claimant;

    @Option(
            names = "--lazy",
            defaultValue = "${env:LPM_LAZY:-false}",
            description = "Bring memory in as it is touched: the start does not depend on its size."
                    + " [LPM_LAZY, default false]")
    private boolean lazy;

    @Option(
            names = "--tcp",
            paramLabel = "POLICY",
            defaultValue = "${env:LPM_TCP:-close}",
            description =
                    "TCP connections to outside of the pod: established (they go on), close, fail; those within the pod"
                            + " always go on. [LPM_TCP, default close]")
    private Tcp tcp = Tcp.CLOSE;

    @Option(
            names = "--on-failure",
            paramLabel = "POLICY",
            defaultValue = "${env:LPM_ON_FAILURE:-fail}",
            description = "When the restore fails: fail (the container ends with 20) or fresh (the application starts"
                    + " anew). [LPM_ON_FAILURE, default fail]")
    private Otherwise onFailure = Otherwise.FAIL;

    @Option(
            names = "--on-consumed",
            paramLabel = "POLICY",
            defaultValue = "${env:LPM_ON_CONSUMED:-fresh}",
            description = "When an earlier start has consumed the checkpoint: fail or fresh."
                    + " [LPM_ON_CONSUMED, default fresh]")
    private Otherwise onConsumed = Otherwise.FRESH;

    @Option(
            names = "--rehearsal",
            paramLabel = "DURATION",
            converter = ContainerOptions.Seconds.class,
            defaultValue = "${env:LPM_REHEARSAL:-1s}",
            description = "With --standby: how long to practise on a sample before being ready, so that the release is"
                    + " answered quickly. [LPM_REHEARSAL, default 1s]")
    private Duration rehearsal = Duration.ofSeconds(1);

    @Option(
            names = "--grant-user",
            paramLabel = "UID:GID[:G1,G2,..]",
            converter = Identity.class,
            defaultValue = "${env:LPM_GRANT_USER}",
            description = "Take the container to run as this user with these groups and no others, whatever its first"
                    + " process runs as. [LPM_GRANT_USER, default that of the first process]")
    private AskedFor.@Nullable Identity grantUser;

    @Option(
            names = "--grant-capabilities",
            paramLabel = "HEX",
            converter = Mask.class,
            defaultValue = "${env:LPM_GRANT_CAPABILITIES}",
            description = "Of the first process' capabilities, grant the application only these."
                    + " [LPM_GRANT_CAPABILITIES, default all of them]")
    private @Nullable Long grantCapabilities;

    @Option(
            names = "--grant-no-new-privileges",
            defaultValue = "${env:LPM_GRANT_NO_NEW_PRIVILEGES:-false}",
            description = "Accept only processes that can gain no privileges by exec."
                    + " [LPM_GRANT_NO_NEW_PRIVILEGES, default as the first process]")
    private boolean grantNoNewPrivileges;

    @Option(
            names = "--status",
            paramLabel = "FILE",
            defaultValue = "${env:LPM_STATUS}",
            description = "Where the status is kept, as JSON. [LPM_STATUS, default none]")
    private @Nullable Path status;

    @Override
    public Integer call() {
        StatusFile statusFile = new StatusFile(status);
        Optional<CommitPipe> word = Optional.ofNullable(commit).map(CommitPipe::open);
        RestoreSettings settings = new RestoreSettings(
                container.pid(),
                container.repository(),
                container.staging(),
                trustedKeys,
                container.owner(),
                claimant == null || claimant.isEmpty()
                        ? Processes.identity(container.pid().orElse(1))
                        : claimant,
                new AskedFor(
                        Optional.ofNullable(grantUser),
                        grantCapabilities == null ? OptionalLong.empty() : OptionalLong.of(grantCapabilities),
                        grantNoNewPrivileges),
                container.volumes(),
                lazy,
                tcp,
                container.deadline(),
                onFailure,
                onConsumed,
                standby ? rehearsal : Duration.ZERO,
                container.criu());
        return ExitCode.of(new Restore(settings, statusFile, word).run(standby ? releaseBy() : this::named));
    }

    private Restore.Release releaseBy() {
        if (commit == null || release == null) {
            return this::awaitRelease;
        }
        // Where a word withdraws it, the release is a pipe that stays open: who releases may come, go and come again.
        RandomAccessFile pipe;
        try {
            pipe = new RandomAccessFile(release.toFile(), "rw");
        } catch (IOException error) {
            throw new UncheckedIOException("cannot open the pipe " + release + "; make it with mkfifo before", error);
        }
        return () -> {
            try {
                return uri(String.valueOf(pipe.readLine()));
            } catch (IOException error) {
                throw new UncheckedIOException("cannot read the release from " + release, error);
            }
        };
    }

    private Optional<CheckpointUri> named() {
        return uri(checkpoint == null ? "" : checkpoint);
    }

    private Optional<CheckpointUri> awaitRelease() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                release == null ? System.in : Files.newInputStream(release), StandardCharsets.UTF_8))) {
            String line = lines.readLine();
            if (line == null) {
                throw new UncheckedIOException(
                        new IOException("the release was withdrawn before it came; the target pod can be deleted"));
            }
            return uri(line);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static Optional<CheckpointUri> uri(String text) {
        return text.isBlank() ? Optional.empty() : Optional.of(CheckpointUri.parse(text.strip()));
    }

    /** The value of the entry's option {@code --user}. */
    static final class Identity implements ITypeConverter<AskedFor.Identity> {
        @Override
        public AskedFor.Identity convert(String text) {
            try {
                return AskedFor.Identity.parse(text);
            } catch (IllegalArgumentException malformed) {
                throw new TypeConversionException(String.valueOf(malformed.getMessage()));
            }
        }
    }

    /** The value of the entry's option {@code --capabilities}. */
    static final class Mask implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            try {
                return Long.parseUnsignedLong(text, 16);
            } catch (NumberFormatException malformed) {
                throw new TypeConversionException("'" + text + "' is no hexadecimal mask of capabilities; write for"
                        + " example 5fb, as CapBnd in /proc/PID/status");
            }
        }
    }
}
