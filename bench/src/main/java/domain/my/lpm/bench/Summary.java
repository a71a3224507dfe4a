package domain.my.lpm.bench;

import java.util.Arrays;

/**
 * What several repetitions come to.
 *
 * @param median half of them are at most this
 * @param minimum the least
 * @param maximum the greatest
 * @param count how many there were
 */
record Summary(double median, double minimum, double maximum, int count) {
    /**
     * Of at least one value.
     *
     * @throws IllegalArgumentException when there is none
     */
    static Summary of(double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("there is no median of nothing: measure first");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Summary(median, sorted[0], sorted[sorted.length - 1], sorted.length);
    }
}
