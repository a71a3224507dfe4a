package domain.my.lpm.api.crd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the checked-in CRDs to the model classes. */
class CrdFilesTest {
    static final String REGENERATE =
            "./mvnw -pl api test -Dtest=CrdFilesTest -Dsurefire.failIfNoSpecifiedTests=false -Dlpm.regenerate";

    /** Maven runs the tests of a module in its directory. */
    static final Path DIRECTORY = Path.of("..", "crds");

    @Test
    void theCheckedInCrdsAreThoseOfTheModel() throws IOException {
        Map<String, String> generated = GeneratedCrds.files();
        if (System.getProperty("lpm.regenerate") != null) {
            Files.createDirectories(DIRECTORY);
            for (Map.Entry<String, String> file : generated.entrySet()) {
                Files.writeString(DIRECTORY.resolve(file.getKey()), file.getValue());
            }
        }
        Set<String> present = new TreeSet<>();
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".yaml"))
                    .forEach(present::add);
        }
        assertThat(present)
                .as("the CRDs in crds/; to make them anew: %s", REGENERATE)
                .isEqualTo(generated.keySet());
        for (Map.Entry<String, String> file : generated.entrySet()) {
            assertThat(Files.readString(DIRECTORY.resolve(file.getKey())))
                    .as(
                            "crds/%s differs from what the model classes say; to make it anew: %s",
                            file.getKey(), REGENERATE)
                    .isEqualTo(file.getValue());
        }
    }

    @Test
    void isGeneratedTheSameEveryTime() {
        assertThat(GeneratedCrds.files()).isEqualTo(GeneratedCrds.files());
    }
}
