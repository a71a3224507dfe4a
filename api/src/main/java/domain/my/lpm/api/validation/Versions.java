package domain.my.lpm.api.validation;

import java.util.Arrays;

/** Compares versions by their leading numbers: 4.2 is before 4.2.1, and 4.2.1-dev is neither before nor after 4.2.1. */
final class Versions {
    private Versions() {}

    static int compare(String one, String other) {
        return Arrays.compare(numbers(one), numbers(other));
    }

    private static int[] numbers(String version) {
        String leading = version.replaceFirst("[^0-9.].*$", "");
        return Arrays.stream(leading.split("\\."))
                .filter(part -> !part.isEmpty() && part.length() <= 9)
                .mapToInt(Integer::parseInt)
                .toArray();
    }
}
