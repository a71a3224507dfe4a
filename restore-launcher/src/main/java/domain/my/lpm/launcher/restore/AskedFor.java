package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.image.CapabilitySet;
import domain.my.lpm.checkpoint.image.Grant;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the pod asked for its application, where the first process of the container holds more than that because it lends
 * its launcher privileges. The entry gives a fresh application the same.
 *
 * @param identity the user and groups; empty if those of the first process
 * @param capabilities the mask of capabilities; empty if those of the first process
 * @param noNewPrivileges whether the application may never gain privileges by exec
 */
public record AskedFor(Optional<Identity> identity, OptionalLong capabilities, boolean noNewPrivileges) {
    /** No less than the first process has. */
    public static final AskedFor EVERYTHING = new AskedFor(Optional.empty(), OptionalLong.empty(), false);

    /**
     * A user and its groups.
     *
     * @param user its id
     * @param groups the ids of its primary and supplementary groups
     */
    public record Identity(long user, Set<Long> groups) {
        private static final Pattern FORM = Pattern.compile("\\d{1,10}:\\d{1,10}(:\\d{1,10}(,\\d{1,10})*)?");
        private static final Pattern SEPARATORS = Pattern.compile("[:,]");

        public Identity {
            groups = Set.copyOf(groups);
        }

        /**
         * Reads what the entry takes for its option {@code --user}.
         *
         * @throws IllegalArgumentException when {@code text} has another form
         */
        public static Identity parse(String text) {
            if (!FORM.matcher(text).matches()) {
                throw new IllegalArgumentException("'" + text
                        + "' is no user with its groups; write UID:GID or UID:GID:G1,G2, for example 1000:1000");
            }
            String[] ids = SEPARATORS.split(text, -1);
            Set<Long> groups = new HashSet<>();
            for (int index = 1; index < ids.length; index++) {
                groups.add(Long.valueOf(ids[index]));
            }
            return new Identity(Long.parseLong(ids[0]), groups);
        }
    }

    /** What is left of the first process' grant for the application. */
    public Grant of(Grant first) {
        return new Grant(
                new CapabilitySet(first.bounding().mask() & capabilities.orElse(-1)),
                identity.isPresent() ? OptionalLong.of(identity.get().user()) : first.uid(),
                identity.map(Identity::groups).orElse(first.groups()),
                first.noNewPrivileges() || noNewPrivileges,
                first.seccompFilter());
    }
}
