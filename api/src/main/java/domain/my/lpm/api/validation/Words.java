package domain.my.lpm.api.validation;

import java.util.Collection;
import java.util.stream.Collectors;

/** How messages name things. */
final class Words {
    private Words() {}

    /** {@code container 'a'}, {@code containers 'a', 'b'}. */
    static String named(String kind, Collection<String> names) {
        return kind + (names.size() == 1 ? " " : "s ") + quoted(names);
    }

    static String quoted(Collection<String> names) {
        return names.stream().map("'%s'"::formatted).collect(Collectors.joining(", "));
    }
}
