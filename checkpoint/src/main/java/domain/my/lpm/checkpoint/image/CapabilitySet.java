package domain.my.lpm.checkpoint.image;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * A set of capabilities.
 *
 * @param mask one bit for each capability, by its number
 */
public record CapabilitySet(long mask) {
    /** The set without members. */
    public static final CapabilitySet NONE = new CapabilitySet(0);

    /** The set of these capabilities. */
    public static CapabilitySet of(Capability... capabilities) {
        long mask = 0;
        for (Capability capability : capabilities) {
            mask |= capability.mask();
        }
        return new CapabilitySet(mask);
    }

    /**
     * The set of the capabilities with these names, as a pod or an OCI runtime specification writes them: with or without
     * {@code CAP_}, in any case.
     *
     * @throws IllegalArgumentException if a name is no capability
     */
    public static CapabilitySet named(Collection<String> names) {
        long mask = 0;
        for (String name : names) {
            String upper = name.toUpperCase(Locale.ROOT);
            mask |= Capability.valueOf(upper.startsWith("CAP_") ? upper : "CAP_" + upper)
                    .mask();
        }
        return new CapabilitySet(mask);
    }

    /** Whether the capability is a member. */
    public boolean contains(Capability capability) {
        return (mask & capability.mask()) != 0;
    }

    /** The members that are not in {@code other}. */
    public CapabilitySet without(CapabilitySet other) {
        return new CapabilitySet(mask & ~other.mask);
    }

    /** Whether there are no members. */
    public boolean isEmpty() {
        return mask == 0;
    }

    /** The names of the members, by number; a bit without a name appears as {@code CAP_<number>}. */
    public List<String> names() {
        List<String> names = new ArrayList<>();
        for (int number = 0; number < Long.SIZE; number++) {
            if ((mask & (1L << number)) != 0) {
                names.add(name(number));
            }
        }
        return names;
    }

    private static String name(int number) {
        for (Capability capability : Capability.values()) {
            if (capability.mask() == 1L << number) {
                return capability.name();
            }
        }
        return "CAP_" + number;
    }

    @Override
    public String toString() {
        return String.join(", ", names());
    }
}
