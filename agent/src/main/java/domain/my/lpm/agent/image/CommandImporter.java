package domain.my.lpm.agent.image;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.node.Launchers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program imports it: {@link domain.my.lpm.agent.ImageImport.Command}. */
final class CommandImporter implements Importer {
    private static final long SECONDS = 600;

    private final Launchers launchers;
    private final String words;

    CommandImporter(Launchers launchers, String words) {
        this.launchers = launchers;
        this.words = words;
    }

    @Override
    public void prepare(Base base) {
        // The program brings it, or fails.
    }

    @Override
    public String load(Path layout, String repository, String tag, Base base) {
        // A name that no registry has.
        String image = "localhost/" + repository + ":" + tag;
        List<String> command = new ArrayList<>();
        for (String word : words.strip().split("\\s+")) {
            command.add(word.replace("{layout}", layout.toString())
                    .replace("{image}", image)
                    .replace("{base}", base.name()));
        }
        Process process = launchers.startProgram(command);
        try {
            byte[] said = process.getErrorStream().readAllBytes();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new AgentException(
                        Kind.FAILED_PRECONDITION,
                        "the image " + image + " was not imported by '" + String.join(" ", command) + "': "
                                + new String(said, StandardCharsets.UTF_8).strip()
                                + "; see --image-command");
            }
            return image;
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot hear " + command, problem);
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new AgentException(Kind.UNAVAILABLE, "interrupted; repeat the call", interrupted);
        }
    }
}
