package domain.my.lpm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class ResultsTest {
    private final Results results = new Results();

    private void add(String variant, int mebibytes, double... values) {
        for (int i = 0; i < values.length; i++) {
            results.add(new Measurement("restore", variant, mebibytes, i + 1, values[i], "ms"));
        }
    }

    @Test
    void aSummaryHasTheMedianAndTheSpread() {
        assertThat(Summary.of(new double[] {9, 1, 2})).isEqualTo(new Summary(2, 1, 9, 3));
        assertThat(Summary.of(new double[] {9, 1, 2, 4})).isEqualTo(new Summary(3, 1, 9, 4));
        assertThatThrownBy(() -> Summary.of(new double[0])).hasMessage("there is no median of nothing: measure first");
    }

    @Test
    void ratiosAreTakenWithinARepetition() {
        add("ours", 64, 11, 24, 30);
        add("runc", 64, 10, 20, 10);

        assertThat(results.ratio("restore", "ours", 64, "runc", 64)).contains(new Summary(1.2, 1.1, 3, 3));
        assertThat(results.difference("restore", "ours", 64, "runc")).contains(new Summary(4, 1, 20, 3));
        assertThat(results.ratio("restore", "ours", 64, "runc", 16)).isEmpty();
    }

    @Test
    void differentUnitsAreNotCompared() {
        add("ours", 64, 10);
        results.add(new Measurement("restore", "runc", 64, 1, 5, "MiB/s"));

        assertThat(results.ratio("restore", "ours", 64, "runc", 64)).isEmpty();
    }

    @Test
    void aMarkIsMetAtItsLimitAndMissedAbove() {
        assertThat(Mark.of("a", 2, "×", Optional.of(new Summary(2, 1, 5, 3))).verdict())
                .isEqualTo("met");
        assertThat(Mark.of("a", 2, "×", Optional.of(new Summary(2.01, 1, 5, 3))).verdict())
                .isEqualTo("missed");
        assertThat(Mark.of("a", 2, "×", Optional.empty()).verdict()).isEqualTo("not measured");
    }

    @Test
    void marksComeFromTheFiguresTheyName() {
        add(RestoreFigures.OURS_EAGER, 64, 230);
        add(RestoreFigures.RUNC_EAGER, 64, 100);

        assertThat(Marks.of(results))
                .filteredOn(mark -> mark.measured() != null)
                .isNotEmpty()
                .allSatisfy(mark -> {
                    assertThat(mark.name()).startsWith("eager restore of 64 MiB");
                    assertThat(mark.measured()).isEqualTo(2.3);
                    assertThat(mark.verdict()).isEqualTo("missed");
                });
    }

    @Test
    void fieldsWithCommasAreQuotedInCsv() {
        add("zstd, \"fast\"", 64, 1.5);
        assertThat(Report.csv(results).lines())
                .containsExactly(
                        "figure,variant,mebibytes,repetition,value,unit",
                        "restore,\"zstd, \"\"fast\"\"\",64,1,1.500,ms");
    }

    @Test
    void thePlotIsWellFormedAndNamesEveryVariant() throws Exception {
        add("ours & theirs", 16, 1, 2, 3);
        add("ours & theirs", 64, 4);
        add("runc", 16, 2);
        var document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(Plot.of(results))));
        var texts = document.getElementsByTagName("text");
        List<String> words = IntStream.range(0, texts.getLength())
                .mapToObj(i -> texts.item(i).getTextContent())
                .toList();
        assertThat(words).contains("ours & theirs", "runc", "16", "64", "restore (ms) over memory (MiB)");
        assertThat(document.getElementsByTagName("circle").getLength()).isEqualTo(3);
    }
}
