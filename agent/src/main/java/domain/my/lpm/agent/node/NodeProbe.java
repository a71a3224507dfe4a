package domain.my.lpm.agent.node;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentSettings;
import domain.my.lpm.agent.ImageImport;
import domain.my.lpm.agent.Share;
import domain.my.lpm.agent.protocol.Capability;
import domain.my.lpm.agent.protocol.CapabilityKind;
import domain.my.lpm.agent.protocol.DescribeNodeResponse;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.ContainerRuntime;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.node.CapabilityStatus;
import domain.my.lpm.api.node.MigrationNodeStatus;
import domain.my.lpm.launcher.criu.CriuVersion;
import domain.my.lpm.launcher.restore.Architecture;
import io.fabric8.kubernetes.api.model.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the node: what it is and what it is able to do, and why not. */
public final class NodeProbe {
    private static final Logger LOG = LoggerFactory.getLogger(NodeProbe.class);
    private static final long PROGRAM_SECONDS = 20;
    private static final int LONGEST_REASON = 1024;

    private final AgentSettings settings;
    private final Launchers launchers;
    private final ApiServer api;
    private final Share share;
    private final boolean kubelet;
    private final InstantSource clock;
    private final StepListener steps;
    /** CRIU and the kernel do not change while the agent runs. */
    private @Nullable Criu criu;
    /** What CRI-O's socket was when it last told its configuration; empty before. */
    private String runtimeSocket = "";

    /**
     * A probe.
     *
     * @param kubelet whether the agent has access to the kubelet's checkpoint API
     */
    public NodeProbe(
            AgentSettings settings,
            Launchers launchers,
            ApiServer api,
            Share share,
            boolean kubelet,
            InstantSource clock,
            StepListener steps) {
        this.settings = settings;
        this.launchers = launchers;
        this.api = api;
        this.share = share;
        this.kubelet = kubelet;
        this.clock = clock;
        this.steps = steps;
    }

    /**
     * What the toolkit's CRIU says.
     *
     * @param version empty where it cannot run
     * @param obstacle why it cannot be used; empty where it can
     * @param lazyObstacle why memory cannot be brought in as it is touched; empty where it can
     */
    private record Criu(String version, String obstacle, String lazyObstacle) {}

    /** All about the node, by the protocol. */
    public DescribeNodeResponse describe() {
        Criu found = criu();
        DescribeNodeResponse.Builder node = DescribeNodeResponse.newBuilder()
                .setNode(settings.node())
                .setKernel(System.getProperty("os.version"))
                .setArchitecture(Architecture.ofThisMachine())
                .addAllCpuFeatures(cpuFeatures())
                .setCriuVersion(found.version())
                .setRuntime(runtime()
                        .map(runtime -> runtime.name() + " " + runtime.version())
                        .orElse(""))
                .setCgroupVersion(cgroupVersion());
        obstacles(found)
                .forEach((kind, obstacle) -> node.addCapabilities(Capability.newBuilder()
                        .setKind(kind)
                        .setPresent(obstacle.isEmpty())
                        .setReason(obstacle)));
        return node.build();
    }

    /** Whether CRI-O was started anew since the last call, perhaps with another configuration, and tells it by now. */
    public boolean runtimeRestarted() {
        if (!(settings.images() instanceof ImageImport.Pull pull)) {
            return false;
        }
        String socket;
        try {
            BasicFileAttributes attributes = Files.readAttributes(pull.socket(), BasicFileAttributes.class);
            socket = attributes.fileKey() + " " + attributes.lastModifiedTime();
        } catch (IOException none) {
            LOG.debug("no socket of CRI-O: {}", none.toString());
            return false;
        }
        if (socket.equals(runtimeSocket) || CrioConfiguration.ask(pull.socket()).isEmpty()) {
            return false;
        }
        boolean first = runtimeSocket.isEmpty();
        runtimeSocket = socket;
        return !first;
    }

    /** Writes what the node is to the API. A failure is logged: it is tried again the next time. */
    public void publish(String endpoint) {
        try {
            MigrationNodeStatus status = status(endpoint);
            steps.during(Step.WRITE_NODE, () -> api.write(settings.node(), status));
        } catch (RuntimeException failure) {
            LOG.warn("cannot write the MigrationNode {}: {}", settings.node(), failure.getMessage());
        }
    }

    private MigrationNodeStatus status(String endpoint) {
        Criu found = criu();
        Instant now = clock.instant();
        MigrationNodeStatus status = new MigrationNodeStatus();
        status.setAgentEndpoint(endpoint);
        status.setKernel(System.getProperty("os.version"));
        status.setArchitecture(Architecture.ofThisMachine());
        status.setCpuFeatures(cpuFeatures());
        status.setCriuVersion(found.version().isEmpty() ? null : found.version());
        status.setRuntime(runtime().orElse(null));
        status.setCgroupVersion(cgroupVersion());
        status.setProbeTime(now.truncatedTo(ChronoUnit.MILLIS).toString());
        String storage = storageObstacle();
        String storageReason = Reasons.ACCEPTED;
        if (storage.isEmpty()) {
            status.setStorageFreeBytes(share.free());
            storageReason = "Writable";
        } else {
            storageReason = storage.contains("read-only")
                    ? Reasons.STORAGE_READ_ONLY
                    : storage.contains("free") ? Reasons.STORAGE_FULL : Reasons.STORAGE_UNREACHABLE;
        }
        List<CapabilityStatus> capabilities = new ArrayList<>();
        obstacles(found)
                .forEach((kind, obstacle) -> capability(kind)
                        .ifPresent(name -> capabilities.add(new CapabilityStatus(
                                name,
                                obstacle.isEmpty(),
                                obstacle.isEmpty()
                                        ? null
                                        : obstacle.substring(0, Math.min(LONGEST_REASON, obstacle.length()))))));
        status.setCapabilities(capabilities);
        status.setConditions(Conditions.with(
                Conditions.with(List.of(), ConditionTypes.READY, true, "AgentRuns", "", null, now),
                ConditionTypes.STORAGE_READY,
                storage.isEmpty(),
                storageReason,
                storage,
                null,
                now));
        return status;
    }

    private static Optional<domain.my.lpm.api.node.Capability> capability(CapabilityKind kind) {
        return switch (kind) {
            case KUBELET_CHECKPOINT -> Optional.of(domain.my.lpm.api.node.Capability.CHECKPOINT);
            case HOLD -> Optional.of(domain.my.lpm.api.node.Capability.HOLD);
            case SELF_RESTORE -> Optional.of(domain.my.lpm.api.node.Capability.SELF_RESTORE);
            case CRI_O_RESTORE -> Optional.of(domain.my.lpm.api.node.Capability.CRI_O_RESTORE);
            case LAZY_PAGES -> Optional.of(domain.my.lpm.api.node.Capability.LAZY_PAGES);
            // Every node with self-restore has it.
            case LAUNCHER_CHECKPOINT, CAPABILITY_KIND_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
        };
    }

    /** Why each thing cannot be done; empty where it can. */
    private Map<CapabilityKind, String> obstacles(Criu found) {
        Map<CapabilityKind, String> obstacles = new EnumMap<>(CapabilityKind.class);
        String storage = storageObstacle();
        String launcher = found.obstacle().isEmpty() ? storage : found.obstacle();
        obstacles.put(
                CapabilityKind.KUBELET_CHECKPOINT,
                kubelet ? storage : "the agent has no access to the kubelet's checkpoint API; set --kubelet");
        obstacles.put(CapabilityKind.LAUNCHER_CHECKPOINT, launcher);
        obstacles.put(CapabilityKind.HOLD, launcher);
        obstacles.put(
                CapabilityKind.SELF_RESTORE,
                launcher.isEmpty()
                                && !Files.isDirectory(
                                        launchers.seen(settings.places().trustedKeys()))
                        ? "there are no trusted keys in " + settings.places().trustedKeys()
                                + "; mount the directory that holds them"
                        : launcher);
        obstacles.put(CapabilityKind.CRI_O_RESTORE, runtimeObstacle());
        obstacles.put(CapabilityKind.LAZY_PAGES, launcher.isEmpty() ? found.lazyObstacle() : launcher);
        return obstacles;
    }

    private String storageObstacle() {
        try {
            share.require(1);
            return "";
        } catch (AgentException refused) {
            return String.valueOf(refused.getMessage());
        }
    }

    private String runtimeObstacle() {
        Optional<ContainerRuntime> runtime = runtime();
        if (runtime.isEmpty()) {
            return "the node's runtime is not known, as the API has no such node; see --node";
        }
        if (!runtime.get().name().equals("cri-o")) {
            return "the node's runtime is " + runtime.get().name()
                    + ", which restores no checkpoint images; use self-restore";
        }
        if (settings.images() instanceof ImageImport.None) {
            return "the agent has no command to import an image; set --image-command";
        }
        Optional<CrioConfiguration> told = Optional.empty();
        if (settings.images() instanceof ImageImport.Pull pull) {
            if (!Files.exists(pull.socket())) {
                return "there is no socket of CRI-O at " + pull.socket()
                        + ", by which it could be asked to take an image; see whether CRI-O runs, and --runtime-socket";
            }
            told = CrioConfiguration.ask(pull.socket());
        }
        return told.orElseGet(this::configured).obstacle();
    }

    /** CRI-O's configuration as its files say; of two, the later counts. */
    private CrioConfiguration configured() {
        Path directory = launchers.nodeRoot().resolve("etc/crio");
        List<Path> files = new ArrayList<>(List.of(directory.resolve("crio.conf")));
        try (Stream<Path> more = Files.list(directory.resolve("crio.conf.d"))) {
            more.sorted().forEach(files::add);
        } catch (IOException none) {
            LOG.debug("no further configuration of CRI-O: {}", none.toString());
        }
        StringBuilder text = new StringBuilder();
        for (Path file : files) {
            try {
                text.append(Files.readString(file)).append('\n');
            } catch (IOException none) {
                LOG.debug("no configuration of CRI-O: {}", none.toString());
            }
        }
        return new CrioConfiguration(text.toString());
    }

    private Optional<ContainerRuntime> runtime() {
        Optional<Node> node;
        try {
            node = api.node(settings.node());
        } catch (AgentException silent) {
            return Optional.empty();
        }
        return node.filter(
                        found -> found.getStatus() != null && found.getStatus().getNodeInfo() != null)
                .map(found -> found.getStatus().getNodeInfo().getContainerRuntimeVersion())
                .filter(version -> version.contains("://"))
                .map(version -> new ContainerRuntime(
                        version.substring(0, version.indexOf("://")), version.substring(version.indexOf("://") + 3)));
    }

    private int cgroupVersion() {
        return Files.exists(launchers.nodeRoot().resolve("sys/fs/cgroup/cgroup.controllers")) ? 2 : 1;
    }

    private static List<String> cpuFeatures() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                    .findFirst()
                    .map(line -> Stream.of(line.substring(line.indexOf(':') + 1)
                                    .strip()
                                    .split("\\s+"))
                            .sorted()
                            .distinct()
                            .toList())
                    .orElse(List.of());
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot read /proc/cpuinfo", problem);
        }
    }

    private synchronized Criu criu() {
        if (criu == null) {
            criu = look();
        }
        return criu;
    }

    private Criu look() {
        String program = settings.criu().toString();
        try {
            Optional<CriuVersion> version =
                    CriuVersion.parse(output(List.of(program, "--version")).text());
            if (version.isEmpty()) {
                return new Criu("", "CRIU at " + program + " does not tell its version; use the toolkit's image", "");
            }
            if (version.get().compareTo(CriuVersion.OLDEST) < 0) {
                return new Criu(
                        version.get().toString(),
                        "CRIU " + version.get() + " is older than " + CriuVersion.OLDEST + "; use the toolkit's image",
                        "");
            }
            boolean lazy = output(List.of(program, "check", "--feature", "uffd-noncoop"))
                            .exitCode()
                    == 0;
            return new Criu(
                    version.get().toString(),
                    "",
                    lazy
                            ? ""
                            : "the kernel's userfaultfd lacks what CRIU needs for lazy pages (criu check --feature"
                                    + " uffd-noncoop); restore eagerly, or use another kernel");
        } catch (UncheckedIOException absent) {
            return new Criu("", "CRIU cannot be started at " + program + "; use the toolkit's image", "");
        }
    }

    private record Output(int exitCode, String text) {}

    private Output output(List<String> command) {
        Process process = launchers.startProgram(command);
        try {
            if (!process.waitFor(PROGRAM_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return new Output(-1, "");
            }
            return new Output(
                    process.exitValue(), new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return new Output(-1, "");
        }
    }
}
