package domain.my.lpm.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The shell scripts and C sources that lie beside the classes. */
final class Scripts {
    private Scripts() {}

    static String text(String name) {
        try (InputStream stream = Scripts.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new SandboxException("the resource '" + name + "' is missing from the sandbox: build it again");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the resource " + name, error);
        }
    }

    /** Writes the scripts that run on the machine itself. */
    static void install(Path directory) throws IOException {
        for (String name : List.of("compile", "guard", "import-image", "join", "keeper", "node")) {
            Files.writeString(directory.resolve(name), text(name));
        }
    }
}
