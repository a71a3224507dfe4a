package domain.my.lpm.webhook.rewrite;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SeccompProfile;
import io.fabric8.kubernetes.api.model.SeccompProfileBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one container lends to its launcher with {@link Privileges#POD}. PID 1 gets it; the options make the entry give
 * the application no more than the pod asked for.
 *
 * @param options of the entry
 * @param asRoot PID 1 runs as root though the application does not
 * @param add the capabilities which the container then adds, empty when it is privileged
 * @param drop the capabilities which the container then drops
 * @param escalation allowPrivilegeEscalation, which the API server does not allow to be false beside SYS_ADMIN, is lifted
 * @param unconfined the seccomp profile is taken off
 */
record Loan(
        @JsonProperty List<String> options,
        @JsonProperty boolean asRoot,
        @JsonProperty List<String> add,
        @JsonProperty List<String> drop,
        @JsonProperty boolean escalation,
        @JsonProperty boolean unconfined) {

    /** What CRIU needs in a container, and the entry and the launcher to change users and to lay down files. */
    private static final Set<Capability> NEEDED = Collections.unmodifiableSet(EnumSet.of(
            Capability.SYS_ADMIN,
            Capability.NET_ADMIN,
            Capability.SYS_TIME,
            Capability.SYS_CHROOT,
            Capability.MKNOD,
            // The application may run as another user than the CRIU that dumps it.
            Capability.SYS_PTRACE,
            Capability.CHOWN,
            Capability.DAC_OVERRIDE,
            Capability.FOWNER,
            Capability.FSETID,
            Capability.KILL,
            Capability.SETGID,
            Capability.SETUID,
            Capability.SETPCAP));

    /** Why {@code container} cannot lend anything. */
    static Optional<String> obstacle(PodSpec spec, Container container) {
        Asked asked = new Asked(spec.getSecurityContext(), container.getSecurityContext());
        if (Boolean.TRUE.equals(asked.nonRoot())) {
            return Optional.of("it has runAsNonRoot: true, but with privileges lent by the pod PID 1 must be root;"
                    + " let the agent lend the privileges or remove runAsNonRoot");
        }
        if (asked.user() == null) {
            return Optional.of("its user stands in the image only, and the entry must know it to give up root;"
                    + " set runAsUser, 0 for an image that runs as root");
        }
        if (asked.user() != 0 && asked.group() == null) {
            return Optional.of("its group stands in the image only, and the entry must know it to give up root;"
                    + " set runAsGroup");
        }
        try {
            Capability.named(asked.add());
            Capability.named(asked.drop());
        } catch (IllegalArgumentException unknown) {
            return Optional.of(unknown.getMessage() + "; correct its securityContext.capabilities");
        }
        return Optional.empty();
    }

    /** The loan of a container without {@link #obstacle}. */
    static Loan of(PodSpec spec, Container container, Settings settings, boolean standby) {
        Asked asked = new Asked(spec.getSecurityContext(), container.getSecurityContext());
        Set<Capability> defaults = Capability.named(settings.defaultCapabilities());
        Set<Capability> held = Capability.held(defaults, asked.add(), asked.drop());
        List<String> options = new ArrayList<>();
        if (settings.nest()) {
            options.add("--nest");
        }
        if (!asked.isRoot()) {
            options.add("--user");
            options.add(asked.identity());
        }
        if (!asked.privileged() && held.size() < Capability.values().length) {
            options.add("--capabilities");
            options.add(Capability.mask(held));
        }
        boolean escalation = !asked.privileged() && asked.escalationForbidden();
        if (asked.escalationForbidden()) {
            options.add("--no-new-privileges");
        }
        if (standby) {
            options.add("--launcher");
            options.add(settings.lazy() ? Injected.LAZY_LAUNCHER : Injected.LAUNCHER);
        }
        List<String> drop = asked.drop().stream()
                .filter(name -> Capability.isAll(name) || !NEEDED.contains(Capability.parse(name)))
                .toList();
        Set<Capability> missing = EnumSet.copyOf(NEEDED);
        missing.removeAll(Capability.held(defaults, asked.add(), drop));
        List<String> add = Stream.concat(asked.add().stream(), missing.stream().map(Capability::name))
                .toList();
        return new Loan(
                options,
                !asked.isRoot(),
                asked.privileged() ? asked.add() : add,
                asked.privileged() ? asked.drop() : drop,
                escalation,
                settings.lazy() && !asked.privileged());
    }

    /** What the user should know about it. */
    static Optional<String> warning(PodSpec spec, Container container, Settings settings) {
        Asked asked = new Asked(spec.getSecurityContext(), container.getSecurityContext());
        SeccompProfile profile = asked.seccomp();
        if (!settings.lazy() || asked.privileged() || profile == null || "Unconfined".equals(profile.getType())) {
            return Optional.empty();
        }
        return Optional.of(
                "it loses its seccomp profile %s, because lazy restore needs userfaultfd".formatted(profile.getType()));
    }

    /** The securityContext {@code before} with the loan. */
    SecurityContext applyTo(@Nullable SecurityContext before) {
        SecurityContext after = before == null ? new SecurityContext() : before;
        if (asRoot) {
            after.setRunAsUser(0L);
        }
        if (!add.isEmpty() || !drop.isEmpty()) {
            after.setCapabilities(new Capabilities(add, drop));
        }
        if (escalation) {
            after.setAllowPrivilegeEscalation(true);
        }
        if (unconfined) {
            after.setSeccompProfile(
                    new SeccompProfileBuilder().withType("Unconfined").build());
        }
        return after;
    }

    /** What the pod asks for one container: a field of the container goes before the same field of the pod. */
    private record Asked(
            @Nullable PodSecurityContext pod, @Nullable SecurityContext container) {
        @Nullable
        Boolean nonRoot() {
            return container != null && container.getRunAsNonRoot() != null
                    ? container.getRunAsNonRoot()
                    : pod == null ? null : pod.getRunAsNonRoot();
        }

        @Nullable
        Long user() {
            return container != null && container.getRunAsUser() != null
                    ? container.getRunAsUser()
                    : pod == null ? null : pod.getRunAsUser();
        }

        @Nullable
        Long group() {
            return container != null && container.getRunAsGroup() != null
                    ? container.getRunAsGroup()
                    : pod == null ? null : pod.getRunAsGroup();
        }

        @Nullable
        SeccompProfile seccomp() {
            return container != null && container.getSeccompProfile() != null
                    ? container.getSeccompProfile()
                    : pod == null ? null : pod.getSeccompProfile();
        }

        boolean isRoot() {
            return Objects.equals(user(), 0L);
        }

        boolean privileged() {
            return container != null && Boolean.TRUE.equals(container.getPrivileged());
        }

        boolean escalationForbidden() {
            return container != null && Boolean.FALSE.equals(container.getAllowPrivilegeEscalation());
        }

        List<String> add() {
            return container == null || container.getCapabilities() == null
                    ? List.of()
                    : container.getCapabilities().getAdd();
        }

        List<String> drop() {
            return container == null || container.getCapabilities() == null
                    ? List.of()
                    : container.getCapabilities().getDrop();
        }

        /** The value of the option {@code --user}: user, group and the supplementary groups that the pod names. */
        String identity() {
            String groups = pod == null
                    ? ""
                    : Stream.concat(pod.getSupplementalGroups().stream(), Stream.ofNullable(pod.getFsGroup()))
                            .distinct()
                            .map(String::valueOf)
                            .collect(Collectors.joining(","));
            return user() + ":" + group() + (groups.isEmpty() ? "" : ":" + groups);
        }
    }
}
