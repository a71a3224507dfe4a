package domain.my.lpm.checkpoint.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import domain.my.lpm.checkpoint.image.Capability;
import domain.my.lpm.checkpoint.image.CapabilitySet;
import domain.my.lpm.checkpoint.image.CredentialCheck;
import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.image.Grant;
import domain.my.lpm.checkpoint.image.ImageFormatException;
import domain.my.lpm.checkpoint.inspect.Inspection.Container;
import domain.my.lpm.checkpoint.inspect.Inspection.Hindrance;
import domain.my.lpm.checkpoint.inspect.Inspection.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InspectorTest {
    private static final Path GOLDEN = Path.of("src/test/resources/domain/my/lpm/checkpoint/inspect");
    private static final long SEED = 20260101;
    private static final int MUTATIONS_PER_FILE = 12;

    private final Path directory;

    InspectorTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @ParameterizedTest
    @EnumSource
    void saysWhatRealImagesHold(RealImages real) throws IOException {
        Inspection inspection = Inspector.inspect(real.copyTo(directory));
        String name = real.name().toLowerCase(Locale.ROOT);

        // To accept an intended change: -Dlpm.golden=write, then read the difference.
        if ("write".equals(System.getProperty("lpm.golden"))) {
            Files.writeString(GOLDEN.resolve(name + ".txt"), InspectionText.of(inspection));
            Files.writeString(GOLDEN.resolve(name + ".json"), InspectionJson.of(inspection));
        }
        assertThat(InspectionText.of(inspection)).isEqualTo(Files.readString(GOLDEN.resolve(name + ".txt")));
        assertThat(InspectionJson.of(inspection)).isEqualTo(Files.readString(GOLDEN.resolve(name + ".json")));
    }

    @Test
    void holdsRealImagesAgainstAGrant() throws IOException {
        CriuImages images = CriuImages.open(RealImages.COUNTER.copyTo(directory));
        CapabilitySet granted = new CapabilitySet(0x5fb);
        CapabilitySet less = granted.without(CapabilitySet.of(Capability.CAP_KILL));
        Set<Long> groups = Set.of(0L, 10L);

        assertThat(CredentialCheck.violations(images, new Grant(granted, OptionalLong.of(0), groups, false, false)))
                .isEmpty();
        assertThat(CredentialCheck.violations(images, new Grant(less, OptionalLong.of(0), groups, false, false)))
                .hasSize(3)
                .first()
                .isEqualTo("process 1 (sh): it has CAP_KILL in its permitted, effective, bounding set, which the target"
                        + " container was not granted; add them to the target container's securityContext.capabilities,"
                        + " or refuse the checkpoint");
    }

    @Test
    void readsWhatTheRuntimeWroteBesideTheImages() throws IOException {
        String config = """
                {"id":"c0ffee","name":"counter","rootfsImageName":"docker.io/library/busybox:1.36","runtime":"runc",
                 "createdTime":"2026-01-01T00:00:00Z","checkpointedTime":"2026-01-01T00:01:00Z"}""";
        String spec = """
                {"ociVersion":"1.0.0","process":{"terminal":true,"args":["sh","-c","count"]},
                 "annotations":{"io.kubernetes.pod.name":"counter-0","io.kubernetes.pod.namespace":"shop"}}""";

        Inspection inspection = inspect(config, spec);

        assertThat(inspection.container())
                .isEqualTo(new Container(
                        "c0ffee",
                        "counter",
                        "counter-0",
                        "shop",
                        "docker.io/library/busybox:1.36",
                        "runc",
                        "2026-01-01T00:00:00Z",
                        "2026-01-01T00:01:00Z",
                        List.of("sh", "-c", "count"),
                        true));
        assertThat(inspection.hindrances())
                .contains(new Hindrance(Severity.BLOCKS, "the container has a terminal", "set tty: false in the pod"));
        assertThat(InspectionText.of(inspection))
                .contains(
                        "Container: counter of pod shop/counter-0, image docker.io/library/busybox:1.36, runtime runc,"
                                + " checkpointed 2026-01-01T00:01:00Z\nCommand: sh -c count\n");
    }

    @Test
    void refusesWhatIsNoJsonObject() {
        assertThatThrownBy(() -> inspect("[1]", "{}"))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage(
                        "config.dump: the file holds no JSON object; take the checkpoint again, or fetch it again if"
                                + " the copy may be damaged");
        assertThatThrownBy(() -> inspect("{}", "{\"process\":"))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageStartingWith("spec.dump: the file is not JSON (Unexpected end-of-input");
        assertThatThrownBy(() -> inspect("{}", "[".repeat(100_000)))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageStartingWith("spec.dump: the file is not JSON (Document nesting depth");
    }

    @Test
    void saysThatPagesAreMissingOrCut() throws IOException {
        RealImages.COUNTER.copyTo(directory);
        Files.delete(directory.resolve("pages-1.img"));
        Files.write(directory.resolve("pages-2.img"), new byte[100]);

        assertThat(Inspector.inspect(directory).hindrances())
                .extracting(Hindrance::severity, Hindrance::what, Hindrance::remedy)
                .contains(
                        tuple(
                                Severity.BLOCKS,
                                "pages-1.img is missing, and pagemap-1.img names 18 pages in it",
                                "fetch the checkpoint again, whole"),
                        tuple(
                                Severity.BLOCKS,
                                "pages-2.img has 100 bytes, and pagemap-8.img names 17 pages in it",
                                "fetch the checkpoint again, whole"));
    }

    @Test
    void showsSizesInTheLargestUnit() {
        assertThat(InspectionText.size(0)).isEqualTo("0 B");
        assertThat(InspectionText.size(1023)).isEqualTo("1023 B");
        assertThat(InspectionText.size(1536)).isEqualTo("1.5 KiB");
        assertThat(InspectionText.size((1 << 20) - 1)).isEqualTo("1023.9 KiB");
        assertThat(InspectionText.size(Long.MAX_VALUE)).isEqualTo("7.9 EiB");
    }

    /** Whatever is done to an image, it is read or refused by {@link ImageFormatException}, nothing else. */
    @ParameterizedTest
    @EnumSource
    void survivesDamage(RealImages real) throws IOException {
        Random random = new Random(SEED);
        RealImages.list(real.copyTo(directory)).stream()
                .filter(file -> !file.getFileName().toString().startsWith("pages-"))
                .forEach(file -> damage(file, random));
    }

    private void damage(Path file, Random random) {
        try {
            byte[] whole = Files.readAllBytes(file);
            // What must be refused whatever the seed: half a header.
            Files.write(file, Arrays.copyOf(whole, 6));
            int refused = refuses(file, -1) ? 1 : 0;
            for (int mutation = 0; mutation < MUTATIONS_PER_FILE; mutation++) {
                Files.write(file, mutated(whole, mutation, random));
                refused += refuses(file, mutation) ? 1 : 0;
            }
            Files.write(file, whole);
            if (!file.getFileName().toString().matches("(fs|utsns|ipcns-var|seccomp).*")) {
                assertThat(refused).as(file.getFileName().toString()).isPositive();
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private boolean refuses(Path file, int mutation) {
        try {
            Inspection inspection = Inspector.inspect(directory);
            assertThat(InspectionText.of(inspection)).hasSizeLessThan(1 << 20);
            assertThat(InspectionJson.of(inspection)).hasSizeLessThan(1 << 20);
            CredentialCheck.violations(
                    CriuImages.open(directory),
                    new Grant(CapabilitySet.NONE, OptionalLong.of(0), Set.of(), true, true));
            return false;
        } catch (ImageFormatException refusal) {
            return true;
        } catch (RuntimeException | Error problem) {
            throw new AssertionError("mutation " + mutation + " of " + file.getFileName(), problem);
        }
    }

    /** In turn: a cut, a bit flipped, a byte set to its extremes, a length made huge, bytes doubled, bytes taken out. */
    private static byte[] mutated(byte[] whole, int mutation, Random random) {
        byte[] bytes = whole.clone();
        int place = random.nextInt(whole.length);
        switch (mutation % 6) {
            case 0 -> bytes = Arrays.copyOf(bytes, place);
            case 1 -> bytes[place] ^= (byte) (1 << random.nextInt(8));
            case 2 -> bytes[place] = (byte) (random.nextBoolean() ? 0xff : 0);
            case 3 -> {
                for (int index = 8; index < Math.min(12, bytes.length); index++) {
                    bytes[index] = (byte) random.nextInt();
                }
            }
            case 4 -> {
                bytes = Arrays.copyOf(bytes, bytes.length + (whole.length - place));
                System.arraycopy(whole, place, bytes, whole.length, whole.length - place);
            }
            case 5 -> {
                bytes = Arrays.copyOf(bytes, bytes.length - 1);
                System.arraycopy(whole, place + 1, bytes, place, whole.length - place - 1);
            }
            default -> throw new IllegalStateException();
        }
        return bytes;
    }

    private Inspection inspect(String config, String spec) throws IOException {
        Path images = Files.createTempDirectory(directory, "images");
        return Inspector.inspect(
                CriuImages.open(RealImages.COUNTER.copyTo(images)),
                config.getBytes(StandardCharsets.UTF_8),
                spec.getBytes(StandardCharsets.UTF_8));
    }
}
