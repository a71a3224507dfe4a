package domain.my.lpm.bench;

import domain.my.lpm.bench.Results.Key;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** Times over the memory of the application, as SVG. Both axes are logarithmic; a bar spans least to greatest. */
final class Plot {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 380;
    private static final int LEFT = 70;
    private static final int RIGHT = 240;
    private static final int TOP = 40;
    private static final int BOTTOM = 50;
    // Distinguishable with any colour vision (Okabe and Ito).
    private static final List<String> COLOURS =
            List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9");

    private Plot() {}

    /** A panel for each figure that was measured for several sizes in milliseconds, one below the other. */
    static String of(Results results) {
        List<String> figures = results.keys().stream()
                .filter(key -> key.unit().equals("ms") && key.mebibytes() > 0)
                .map(Key::figure)
                .filter(figure -> !figure.matches("(migration )?(step|at) .*"))
                .distinct()
                .toList();
        StringBuilder svg = new StringBuilder();
        int height = Math.max(1, figures.size()) * HEIGHT;
        add(
                svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"12\"><rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>",
                WIDTH,
                height);
        for (int i = 0; i < figures.size(); i++) {
            add(svg, "<g transform=\"translate(0 %d)\">", i * HEIGHT);
            panel(svg, results, figures.get(i));
            add(svg, "</g>");
        }
        add(svg, "</svg>");
        return svg.toString();
    }

    private static void panel(StringBuilder svg, Results results, String figure) {
        List<Key> keys = results.keys().stream()
                .filter(key -> key.figure().equals(figure) && key.unit().equals("ms") && key.mebibytes() > 0)
                .toList();
        List<String> variants = keys.stream().map(Key::variant).distinct().toList();
        TreeSet<Integer> sizes = new TreeSet<>(keys.stream().map(Key::mebibytes).toList());
        double least = keys.stream()
                .mapToDouble(key -> results.summary(key).minimum())
                .min()
                .orElseThrow();
        double greatest = keys.stream()
                .mapToDouble(key -> results.summary(key).maximum())
                .max()
                .orElseThrow();
        Scale across = new Scale(sizes.first() / 1.5, sizes.last() * 1.5, LEFT, WIDTH - RIGHT);
        Scale up = new Scale(least / 1.3, greatest * 1.3, HEIGHT - BOTTOM, TOP);

        add(svg, "<text x=\"%d\" y=\"24\" font-size=\"14\">%s (ms) over memory (MiB)</text>", LEFT, escaped(figure));
        for (int size : sizes) {
            double x = across.at(size);
            add(svg, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#ddd\"/>", x, x, TOP, HEIGHT - BOTTOM);
            add(svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>", x, HEIGHT - BOTTOM + 18, size);
        }
        for (double decade = 0.001; decade < 1e7; decade *= 10) {
            for (int step : new int[] {1, 2, 5}) {
                double value = decade * step;
                if (value >= up.from && value <= up.to) {
                    double y = up.at(value);
                    add(
                            svg,
                            "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>",
                            LEFT,
                            WIDTH - RIGHT,
                            y,
                            y);
                    add(
                            svg,
                            "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                            LEFT - 6,
                            y + 4,
                            value >= 1 ? String.format(Locale.ROOT, "%.0f", value) : Double.toString(value));
                }
            }
        }
        for (int i = 0; i < variants.size(); i++) {
            String variant = variants.get(i);
            String colour = COLOURS.get(i % COLOURS.size());
            StringBuilder points = new StringBuilder();
            for (Key key : keys) {
                if (!key.variant().equals(variant)) {
                    continue;
                }
                Summary summary = results.summary(key);
                // Beside one another, so that bars do not hide bars.
                double x = across.at(key.mebibytes()) + (i - variants.size() / 2.0) * 3;
                points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, up.at(summary.median())));
                add(
                        svg,
                        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>",
                        x,
                        x,
                        up.at(summary.minimum()),
                        up.at(summary.maximum()),
                        colour);
                add(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>", x, up.at(summary.median()), colour);
            }
            add(
                    svg,
                    "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/>",
                    points.toString().strip(),
                    colour);
            int y = TOP + 12 + i * 20;
            add(
                    svg,
                    "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"3\"/>",
                    WIDTH - RIGHT + 12,
                    WIDTH - RIGHT + 30,
                    y - 4,
                    y - 4,
                    colour);
            add(svg, "<text x=\"%d\" y=\"%d\">%s</text>", WIDTH - RIGHT + 36, y, escaped(variant));
        }
    }

    /** A logarithmic axis. */
    private record Scale(double from, double to, double pixelFrom, double pixelTo) {
        double at(double value) {
            return pixelFrom + (pixelTo - pixelFrom) * Math.log(value / from) / Math.log(to / from);
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private static void add(StringBuilder svg, String format, Object... arguments) {
        svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }
}
