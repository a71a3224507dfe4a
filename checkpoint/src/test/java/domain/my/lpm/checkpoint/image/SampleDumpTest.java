package domain.my.lpm.checkpoint.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SampleDumpTest {
    private static final Path RESOURCES = Path.of("src/main/resources/domain/my/lpm/checkpoint/image/sample");

    @ParameterizedTest
    @EnumSource
    void theIndexNamesEveryImage(SampleDump sample) throws IOException {
        try (Stream<Path> files = Files.list(RESOURCES.resolve(sample.name().toLowerCase(Locale.ROOT)))) {
            List<String> images = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".img"))
                    .sorted()
                    .toList();
            assertThat(sample.files()).isEqualTo(images);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theWrittenImagesAreADump(SampleDump sample, @TempDir Path directory) {
        sample.write(directory);

        assertThat(CriuImages.open(directory).processes()).hasSizeGreaterThan(1);
    }
}
