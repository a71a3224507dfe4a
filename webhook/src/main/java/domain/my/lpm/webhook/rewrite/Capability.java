package domain.my.lpm.webhook.rewrite;

import java.util.Collection;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** Linux's capabilities in the order of their numbers (linux/capability.h), under the names that pods use. */
enum Capability {
    CHOWN,
    DAC_OVERRIDE,
    DAC_READ_SEARCH,
    FOWNER,
    FSETID,
    KILL,
    SETGID,
    SETUID,
    SETPCAP,
    LINUX_IMMUTABLE,
    NET_BIND_SERVICE,
    NET_BROADCAST,
    NET_ADMIN,
    NET_RAW,
    IPC_LOCK,
    IPC_OWNER,
    SYS_MODULE,
    SYS_RAWIO,
    SYS_CHROOT,
    SYS_PTRACE,
    SYS_PACCT,
    SYS_ADMIN,
    SYS_BOOT,
    SYS_NICE,
    SYS_RESOURCE,
    SYS_TIME,
    SYS_TTY_CONFIG,
    MKNOD,
    LEASE,
    AUDIT_WRITE,
    AUDIT_CONTROL,
    SETFCAP,
    MAC_OVERRIDE,
    MAC_ADMIN,
    SYSLOG,
    WAKE_ALARM,
    BLOCK_SUSPEND,
    AUDIT_READ,
    PERFMON,
    BPF,
    CHECKPOINT_RESTORE;

    private static final String ALL = "ALL";

    /**
     * Reads a name as runtimes do: in any case, with or without {@code CAP_}.
     *
     * @throws IllegalArgumentException when there is no such capability, naming it
     */
    static Capability parse(String name) {
        try {
            return valueOf(plain(name));
        } catch (IllegalArgumentException unknown) {
            throw new IllegalArgumentException("there is no capability '" + name + "'", unknown);
        }
    }

    static boolean isAll(String name) {
        return plain(name).equals(ALL);
    }

    /** The capabilities named one by one in {@code names}, {@code ALL} left out. */
    static Set<Capability> named(Collection<String> names) {
        Set<Capability> named = EnumSet.noneOf(Capability.class);
        names.stream().filter(name -> !isAll(name)).map(Capability::parse).forEach(named::add);
        return named;
    }

    /** What a container holds: runtimes apply {@code ALL} first, then what is added, then what is dropped by name. */
    static Set<Capability> held(Set<Capability> defaults, Collection<String> add, Collection<String> drop) {
        Set<Capability> held = EnumSet.noneOf(Capability.class);
        if (add.stream().anyMatch(Capability::isAll)) {
            held.addAll(EnumSet.allOf(Capability.class));
        } else if (drop.stream().noneMatch(Capability::isAll)) {
            held.addAll(defaults);
        }
        held.addAll(named(add));
        held.removeAll(named(drop));
        return held;
    }

    /** The set as the kernel prints it in /proc/PID/status, without leading zeros. */
    static String mask(Set<Capability> set) {
        return Long.toHexString(set.stream()
                .mapToLong(capability -> 1L << capability.ordinal())
                .reduce(0, (one, other) -> one | other));
    }

    private static String plain(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        return upper.startsWith("CAP_") ? upper.substring(4) : upper;
    }
}
