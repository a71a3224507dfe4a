package domain.my.lpm.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** All that was measured in a run. */
final class Results {
    private final List<Measurement> measurements = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();

    void add(Measurement measurement) {
        measurements.add(measurement);
    }

    /** Notes what was not measured, and why. */
    void skip(String what) {
        skipped.add(what);
    }

    List<Measurement> measurements() {
        return List.copyOf(measurements);
    }

    List<String> skipped() {
        return List.copyOf(skipped);
    }

    /** A figure by one way, for one size. */
    record Key(String figure, String variant, int mebibytes, String unit) {
        private static Key of(Measurement measurement) {
            return new Key(measurement.figure(), measurement.variant(), measurement.mebibytes(), measurement.unit());
        }
    }

    Set<Key> keys() {
        Set<Key> keys = new LinkedHashSet<>();
        measurements.forEach(measurement -> keys.add(Key.of(measurement)));
        return keys;
    }

    Summary summary(Key key) {
        return Summary.of(measurements.stream()
                .filter(measurement -> Key.of(measurement).equals(key))
                .mapToDouble(Measurement::value)
                .toArray());
    }

    /** Of all repetitions; empty when there was none. */
    Optional<Summary> summary(String figure, String variant, int mebibytes) {
        double[] values = values(figure, variant, mebibytes).stream()
                .mapToDouble(Measurement::value)
                .toArray();
        return values.length == 0 ? Optional.empty() : Optional.of(Summary.of(values));
    }

    /** How many times one is the other, each repetition by itself; empty when no repetition has both. */
    Optional<Summary> ratio(String figure, String variant, int mebibytes, String otherVariant, int otherMebibytes) {
        return compared(figure, variant, mebibytes, otherVariant, otherMebibytes, true);
    }

    /** How much more one is than the other, each repetition by itself; empty when no repetition has both. */
    Optional<Summary> difference(String figure, String variant, int mebibytes, String otherVariant) {
        return compared(figure, variant, mebibytes, otherVariant, mebibytes, false);
    }

    private Optional<Summary> compared(
            String figure, String variant, int mebibytes, String otherVariant, int otherMebibytes, boolean divide) {
        List<Measurement> others = values(figure, otherVariant, otherMebibytes);
        double[] compared = values(figure, variant, mebibytes).stream()
                .flatMap(one -> others.stream()
                        .filter(other -> other.repetition() == one.repetition()
                                && other.unit().equals(one.unit()))
                        .map(other -> divide ? one.value() / other.value() : one.value() - other.value()))
                .mapToDouble(Double::doubleValue)
                .toArray();
        return compared.length == 0 ? Optional.empty() : Optional.of(Summary.of(compared));
    }

    private List<Measurement> values(String figure, String variant, int mebibytes) {
        return measurements.stream()
                .filter(measurement -> measurement.figure().equals(figure)
                        && measurement.variant().equals(variant)
                        && measurement.mebibytes() == mebibytes)
                .toList();
    }
}
