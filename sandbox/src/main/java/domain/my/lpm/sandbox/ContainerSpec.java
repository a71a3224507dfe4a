package domain.my.lpm.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SeccompProfile;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The OCI runtime configuration of one container of a pod, with the namespaces, mounts, capabilities, paths and
 * annotations that CRI-O gives it. Source of the format: the OCI runtime specification 1.0; of the values: CRI-O 1.34.
 */
final class ContainerSpec {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final List<String> DEFAULT_CAPABILITIES = List.of(
            "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE", "KILL");

    private static final List<String> EVERY_CAPABILITY =
            List.of(("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE"
                            + " NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO"
                            + " SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME"
                            + " SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG"
                            + " WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE")
                    .split(" "));

    private static final List<String> MASKED_PATHS = List.of(
            "/proc/acpi",
            "/proc/asound",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/sys/devices/virtual/powercap",
            "/sys/firmware");

    private static final List<String> READONLY_PATHS =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private record Mount(String destination, String type, String source, List<String> options) {}

    private final Pod pod;
    private final Container container;
    private final Image image;
    private final SecurityContext security;
    private final PodSecurityContext podSecurity;

    ContainerSpec(Pod pod, Container container, Image image) {
        this.pod = pod;
        this.container = container;
        this.image = image;
        this.security = Optional.ofNullable(container.getSecurityContext())
                .orElseGet(() -> new SecurityContextBuilder().build());
        this.podSecurity = Optional.ofNullable(pod.getSpec().getSecurityContext())
                .orElseGet(() -> new PodSecurityContextBuilder().build());
        if (Boolean.TRUE.equals(security.getPrivileged())) {
            throw unsupported("securityContext.privileged", "list the capabilities it needs instead");
        }
    }

    private SandboxException unsupported(String what, String remedy) {
        return new SandboxException("the container '" + container.getName() + "' asks for " + what
                + ", which the sandbox does not support: " + remedy);
    }

    /**
     * The configuration.
     *
     * @param identity the container's 64-digit id
     * @param attempt how often it was started before
     * @param paths where things lie on the node
     * @param cgroup the control group of the container, from the node's root
     * @param unified whether the node has control groups version 2
     */
    String json(String identity, int attempt, Paths paths, String cgroup, boolean unified, boolean swapIsCounted) {
        ObjectNode spec = JSON.createObjectNode();
        spec.put("ociVersion", "1.0.2");
        spec.set("process", process());
        spec.putObject("root").put("path", paths.rootFileSystem()).put("readonly", isReadOnly());
        spec.put("hostname", hostname(pod));
        ArrayNode mounts = spec.putArray("mounts");
        for (Mount mount : mounts(paths)) {
            ObjectNode entry = mounts.addObject();
            entry.put("destination", mount.destination);
            entry.put("type", mount.type);
            entry.put("source", mount.source);
            entry.set("options", JSON.valueToTree(mount.options));
        }
        spec.set("annotations", JSON.valueToTree(annotations(identity, attempt, paths)));
        spec.set("linux", linux(paths, cgroup, unified, swapIsCounted));
        return spec.toPrettyString();
    }

    /** Where the parts of a container lie on the node. */
    record Paths(
            String rootFileSystem,
            String sandboxNamespaces,
            String podDirectory,
            String userdata,
            String terminationLog,
            String log) {}

    static String hostname(Pod pod) {
        String configured = pod.getSpec().getHostname();
        return configured == null ? pod.getMetadata().getName() : configured;
    }

    boolean isReadOnly() {
        return Boolean.TRUE.equals(security.getReadOnlyRootFilesystem());
    }

    private ObjectNode process() {
        ObjectNode process = JSON.createObjectNode();
        process.put("terminal", Boolean.TRUE.equals(container.getTty()));
        ObjectNode user = process.putObject("user");
        user.put("uid", userId());
        user.put("gid", first(security.getRunAsGroup(), podSecurity.getRunAsGroup()));
        Set<Long> groups = new TreeSet<>(podSecurity.getSupplementalGroups());
        Optional.ofNullable(podSecurity.getFsGroup()).ifPresent(groups::add);
        user.set("additionalGids", JSON.valueToTree(groups));
        List<String> entrypoint = container.getCommand().isEmpty() ? image.entrypoint() : container.getCommand();
        List<String> arguments = container.getArgs();
        if (arguments.isEmpty() && container.getCommand().isEmpty()) {
            arguments = image.command();
        }
        process.set("args", JSON.valueToTree(Command.concat(entrypoint, arguments)));
        process.set("env", JSON.valueToTree(environment()));
        process.put("cwd", container.getWorkingDir() == null ? image.workingDirectory() : container.getWorkingDir());
        ObjectNode capabilities = process.putObject("capabilities");
        for (String set : List.of("bounding", "effective", "permitted")) {
            capabilities.set(set, JSON.valueToTree(capabilities()));
        }
        process.put("noNewPrivileges", Boolean.FALSE.equals(security.getAllowPrivilegeEscalation()));
        if (!LimitShim.isNeeded()) {
            process.put("oomScoreAdj", 1000);
        }
        return process;
    }

    private long userId() {
        long user = first(security.getRunAsUser(), podSecurity.getRunAsUser());
        if (user == 0
                && Boolean.TRUE.equals(
                        security.getRunAsNonRoot() == null
                                ? podSecurity.getRunAsNonRoot()
                                : security.getRunAsNonRoot())) {
            throw new SandboxException("the container '" + container.getName()
                    + "' has runAsNonRoot and would run as root: set runAsUser");
        }
        return user;
    }

    private static long first(@Nullable Long own, @Nullable Long podWide) {
        if (own != null) {
            return own;
        }
        return podWide == null ? 0 : podWide;
    }

    private List<String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        if (Boolean.TRUE.equals(container.getTty())) {
            environment.put("TERM", "xterm");
        }
        environment.put("HOSTNAME", hostname(pod));
        for (String entry : image.environment()) {
            int equals = entry.indexOf('=');
            environment.put(entry.substring(0, equals), entry.substring(equals + 1));
        }
        for (EnvVar variable : container.getEnv()) {
            if (variable.getValueFrom() != null) {
                throw unsupported(
                        "the environment variable " + variable.getName() + " from elsewhere", "give its value");
            }
            environment.put(variable.getName(), variable.getValue() == null ? "" : variable.getValue());
        }
        return environment.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
    }

    private List<String> capabilities() {
        Set<String> chosen = new TreeSet<>(DEFAULT_CAPABILITIES);
        Capabilities changes = security.getCapabilities();
        if (changes != null) {
            if (changes.getAdd().contains("ALL")) {
                chosen.addAll(EVERY_CAPABILITY);
            }
            if (changes.getDrop().contains("ALL")) {
                chosen.clear();
            }
            changes.getDrop().forEach(name -> chosen.remove(bare(name)));
            changes.getAdd().stream().filter(name -> !name.equals("ALL")).forEach(name -> chosen.add(bare(name)));
        }
        if (LimitShim.isNeeded()) {
            // Not even root of this machine has it to give.
            chosen.remove("SYS_RESOURCE");
        }
        return chosen.stream().map(name -> "CAP_" + name).toList();
    }

    private static String bare(String capability) {
        return capability.startsWith("CAP_") ? capability.substring(4) : capability;
    }

    private List<Mount> mounts(Paths paths) {
        List<Mount> mounts = new ArrayList<>();
        mounts.add(new Mount("/proc", "proc", "proc", List.of("nosuid", "noexec", "nodev")));
        mounts.add(new Mount("/dev", "tmpfs", "tmpfs", List.of("nosuid", "strictatime", "mode=755", "size=65536k")));
        mounts.add(new Mount(
                "/dev/pts",
                "devpts",
                "devpts",
                List.of("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")));
        mounts.add(new Mount("/dev/mqueue", "mqueue", "mqueue", List.of("nosuid", "noexec", "nodev")));
        mounts.add(new Mount("/sys", "sysfs", "sysfs", List.of("nosuid", "noexec", "nodev", "ro")));
        mounts.add(new Mount(
                "/sys/fs/cgroup", "cgroup", "cgroup", List.of("nosuid", "noexec", "nodev", "relatime", "ro")));
        mounts.add(new Mount("/dev/shm", "bind", paths.sandboxNamespaces + "/shm", List.of("rw", "bind")));
        // What is written at a file of the pod fails on a read-only root, as the file itself is on the node.
        String access = isReadOnly() ? "ro" : "rw";
        for (String file : List.of("resolv.conf", "hostname")) {
            mounts.add(new Mount(
                    "/etc/" + file,
                    "bind",
                    paths.podDirectory + "/" + file,
                    List.of(access, "bind", "nodev", "nosuid", "noexec")));
        }
        mounts.add(new Mount(
                "/run/.containerenv",
                "bind",
                paths.userdata + "/.containerenv",
                List.of(access, "bind", "nodev", "nosuid", "noexec")));
        mounts.add(new Mount(
                "/etc/hosts", "bind", paths.podDirectory + "/etc-hosts", List.of("rw", "rbind", "rprivate", "bind")));
        mounts.add(
                new Mount(terminationLog(), "bind", paths.terminationLog, List.of("rw", "rbind", "rprivate", "bind")));
        for (VolumeMount mount : container.getVolumeMounts()) {
            String source = volumeDirectory(paths.podDirectory, volume(mount.getName()));
            if (mount.getSubPath() != null || mount.getSubPathExpr() != null) {
                throw unsupported("a subPath in the volume '" + mount.getName() + "'", "mount the volume as a whole");
            }
            mounts.add(new Mount(
                    mount.getMountPath(),
                    "bind",
                    source,
                    List.of(
                            Boolean.TRUE.equals(mount.getReadOnly()) ? "ro" : "rw",
                            "rbind",
                            propagation(mount),
                            "bind")));
        }
        mounts.sort(Comparator.comparingInt(mount -> Path.of(mount.destination).getNameCount()));
        return mounts;
    }

    private static String propagation(VolumeMount mount) {
        String chosen = mount.getMountPropagation() == null ? "None" : mount.getMountPropagation();
        return switch (chosen) {
            case "HostToContainer" -> "rslave";
            case "Bidirectional" -> "rshared";
            default -> "rprivate";
        };
    }

    private Volume volume(String name) {
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new SandboxException("the container '" + container.getName()
                        + "' mounts the volume '" + name + "', which the pod does not have: add it to the pod"));
    }

    /** Where the kubelet keeps a volume. */
    static String volumeDirectory(String podDirectory, Volume volume) {
        if (volume.getPersistentVolumeClaim() != null) {
            return "/mnt/checkpoints";
        }
        String kind = volume.getProjected() == null ? "empty-dir" : "projected";
        return podDirectory + "/volumes/kubernetes.io~" + kind + "/" + volume.getName();
    }

    private String terminationLog() {
        String path = container.getTerminationMessagePath();
        return path == null ? "/dev/termination-log" : path;
    }

    private ObjectNode linux(Paths paths, String cgroup, boolean unified, boolean swapIsCounted) {
        ObjectNode linux = JSON.createObjectNode();
        ObjectNode resources = linux.putObject("resources");
        ObjectNode everyDevice = resources.putArray("devices").addObject();
        everyDevice.put("allow", false).put("access", "rwm");
        Optional<Long> limit = memoryLimit();
        if (limit.isPresent()) {
            ObjectNode memory = resources.putObject("memory").put("limit", limit.get());
            if (swapIsCounted) {
                memory.put("swap", limit.get());
            }
        }
        linux.put("cgroupsPath", cgroup);
        ArrayNode namespaces = linux.putArray("namespaces");
        namespaces.addObject().put("type", "pid");
        namespaces.addObject().put("type", "mount");
        for (Map.Entry<String, String> shared :
                new TreeMap<>(Map.of("network", "net", "uts", "uts", "ipc", "ipc")).entrySet()) {
            namespaces
                    .addObject()
                    .put("type", shared.getKey())
                    .put("path", paths.sandboxNamespaces + "/" + shared.getValue());
        }
        if (unified) {
            namespaces.addObject().put("type", "cgroup");
        }
        if (hasSeccomp()) {
            linux.set("seccomp", seccomp());
        }
        linux.set("maskedPaths", JSON.valueToTree(MASKED_PATHS));
        linux.set("readonlyPaths", JSON.valueToTree(READONLY_PATHS));
        return linux;
    }

    /** The memory limit in bytes. */
    Optional<Long> memoryLimit() {
        return Optional.ofNullable(container.getResources())
                .map(resources -> resources.getLimits())
                .map(limits -> limits.get("memory"))
                .map(Quantity::getAmountInBytes)
                .map(BigDecimal::longValueExact);
    }

    private boolean hasSeccomp() {
        SeccompProfile profile =
                security.getSeccompProfile() == null ? podSecurity.getSeccompProfile() : security.getSeccompProfile();
        String type = profile == null ? "Unconfined" : profile.getType();
        return switch (type) {
            case "Unconfined" -> false;
            case "RuntimeDefault" -> true;
            default -> throw unsupported("the seccomp profile type " + type, "use RuntimeDefault or Unconfined");
        };
    }

    /** What is not listed fails with EPERM, as with the default profiles of the runtimes. */
    private ObjectNode seccomp() {
        JsonNode profile;
        try {
            profile = JSON.readTree(Scripts.text("seccomp.json"));
        } catch (JsonProcessingException error) {
            throw new SandboxException("the resource 'seccomp.json' of the sandbox is not JSON", error);
        }
        ObjectNode seccomp = JSON.createObjectNode();
        seccomp.put("defaultAction", "SCMP_ACT_ERRNO").put("defaultErrnoRet", 1);
        ArrayNode rules = seccomp.putArray("syscalls");
        ArrayNode allowed = rules.addObject().put("action", "SCMP_ACT_ALLOW").putArray("names");
        profile.get("allowed").forEach(allowed::add);
        List<String> capabilities = capabilities();
        profile.get("allowedWithCapability").properties().forEach(entry -> {
            if (capabilities.contains(entry.getKey())) {
                entry.getValue().forEach(allowed::add);
            }
        });
        if (!capabilities.contains("CAP_SYS_ADMIN")) {
            // Without a flag that makes a namespace; clone3 hides its flags from a filter, so libraries fall back.
            ObjectNode clone = rules.addObject().put("action", "SCMP_ACT_ALLOW");
            clone.putArray("names").add("clone");
            clone.putArray("args")
                    .addObject()
                    .put("index", 0)
                    .put("value", 0x7E02_0000L)
                    .put("valueTwo", 0)
                    .put("op", "SCMP_CMP_MASKED_EQ");
            rules.addObject()
                    .put("action", "SCMP_ACT_ERRNO")
                    .put("errnoRet", 38)
                    .putArray("names")
                    .add("clone3");
        }
        for (long persona : new long[] {0, 8, 0x2_0000, 0x2_0008, 0xFFFF_FFFFL}) {
            ObjectNode personality = rules.addObject().put("action", "SCMP_ACT_ALLOW");
            personality.putArray("names").add("personality");
            personality
                    .putArray("args")
                    .addObject()
                    .put("index", 0)
                    .put("value", persona)
                    .put("op", "SCMP_CMP_EQ");
        }
        return seccomp;
    }

    private Map<String, String> annotations(String identity, int attempt, Paths paths) {
        String podName = pod.getMetadata().getName();
        String namespace = namespace(pod);
        String uid = pod.getMetadata().getUid();
        Map<String, String> labels = new TreeMap<>(Map.of(
                "io.kubernetes.container.name", container.getName(),
                "io.kubernetes.pod.name", podName,
                "io.kubernetes.pod.namespace", namespace,
                "io.kubernetes.pod.uid", uid));
        Map<String, String> annotations = new TreeMap<>(labels);
        annotations.put("io.container.manager", "cri-o");
        annotations.put("io.kubernetes.container.restartCount", Integer.toString(attempt));
        annotations.put("io.kubernetes.container.terminationMessagePath", terminationLog());
        annotations.put("io.kubernetes.container.terminationMessagePolicy", "File");
        annotations.put("io.kubernetes.cri-o.ContainerID", identity);
        annotations.put("io.kubernetes.cri-o.ContainerName", name(attempt));
        annotations.put("io.kubernetes.cri-o.ContainerType", "container");
        annotations.put("io.kubernetes.cri-o.Image", image.id());
        annotations.put("io.kubernetes.cri-o.ImageName", image.name());
        annotations.put("io.kubernetes.cri-o.ImageRef", image.id());
        annotations.put("io.kubernetes.cri-o.Labels", json(labels));
        annotations.put("io.kubernetes.cri-o.LogPath", paths.log);
        annotations.put("io.kubernetes.cri-o.Metadata", json(new TreeMap<>(Map.of("name", container.getName()))));
        annotations.put("io.kubernetes.cri-o.MountPoint", paths.rootFileSystem);
        annotations.put("io.kubernetes.cri-o.Name", name(attempt));
        annotations.put("io.kubernetes.cri-o.ResolvPath", paths.podDirectory + "/resolv.conf");
        annotations.put("io.kubernetes.cri-o.SandboxID", uid.replace("-", ""));
        annotations.put("io.kubernetes.cri-o.SandboxName", "k8s_" + podName + "_" + namespace + "_" + uid + "_0");
        annotations.put("io.kubernetes.cri-o.Stdin", "false");
        annotations.put("io.kubernetes.cri-o.StdinOnce", "false");
        annotations.put("io.kubernetes.cri-o.TTY", Boolean.toString(Boolean.TRUE.equals(container.getTty())));
        return annotations;
    }

    private static String json(Map<String, String> values) {
        try {
            return JSON.writeValueAsString(values);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException(error);
        }
    }

    static String namespace(Pod pod) {
        String namespace = pod.getMetadata().getNamespace();
        return namespace == null ? "default" : namespace;
    }

    /** The name that CRI-O gives the container. */
    String name(int attempt) {
        return "k8s_" + container.getName() + "_" + pod.getMetadata().getName() + "_" + namespace(pod) + "_"
                + pod.getMetadata().getUid() + "_" + attempt;
    }
}
