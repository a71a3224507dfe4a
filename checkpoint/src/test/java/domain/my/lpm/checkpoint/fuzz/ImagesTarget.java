package domain.my.lpm.checkpoint.fuzz;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.image.CredentialCheck;
import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.image.ExternalMounts;
import domain.my.lpm.checkpoint.image.Grant;
import domain.my.lpm.checkpoint.image.ImageFormatException;
import domain.my.lpm.checkpoint.image.ImageRewrite;
import domain.my.lpm.checkpoint.inspect.Inspection;
import domain.my.lpm.checkpoint.inspect.InspectionJson;
import domain.my.lpm.checkpoint.inspect.InspectionText;
import domain.my.lpm.checkpoint.inspect.Inspector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Reads a real dump of which one image, chosen by the first byte, is any bytes. */
public final class ImagesTarget {
    private static final Path ORIGINAL = Path.of(Objects.requireNonNull(System.getProperty("lpm.images")));
    private static final List<Path> NAMES = names();
    private static final Path IMAGES = copy();

    private ImagesTarget() {}

    private static List<Path> names() {
        try {
            return Directories.list(ORIGINAL).stream()
                    .map(path -> Objects.requireNonNull(path.getFileName()))
                    .toList();
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    private static Path copy() {
        try {
            Path copy = Files.createTempDirectory("images");
            for (Path name : NAMES) {
                Files.copy(ORIGINAL.resolve(name), copy.resolve(name));
            }
            return copy;
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    /** Called by the fuzzer. */
    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length == 0) {
            return;
        }
        Path name = NAMES.get((data[0] & 0xff) % NAMES.size());
        byte[] content = Arrays.copyOfRange(data, 1, data.length);
        Files.write(IMAGES.resolve(name), content);
        try {
            look(content);
        } finally {
            Files.copy(ORIGINAL.resolve(name), IMAGES.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void look(byte[] content) {
        try {
            CriuImages images = CriuImages.open(IMAGES);
            CredentialCheck.violations(images, Grant.ofProcessStatus("""
                    Uid:\t1000\t1000\t1000\t1000
                    Gid:\t1000\t1000\t1000\t1000
                    Groups:\t1000
                    CapBnd:\t0000000000000000
                    NoNewPrivs:\t1
                    Seccomp:\t2
                    """));
            ExternalMounts.of(images);
            ImageRewrite.joinNamespacesOfCaller(images);
            ImageRewrite.withoutPropagation(images);
            ImageRewrite.withoutNetworkLock(images);
            Inspection inspection = Inspector.inspect(images, content, content);
            InspectionText.of(inspection);
            InspectionJson.of(inspection);
        } catch (ImageFormatException | CheckpointException refused) {
            // That is the answer to what is no dump.
        }
    }
}
