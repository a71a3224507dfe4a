package domain.my.lpm.controller;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Takes what an option is not given on the command line from the environment, {@code --hold-lease} from
 * LPM_CONTROLLER_HOLD_LEASE, else from the file of settings that LPM_CONTROLLER_SETTINGS names, from its key
 * {@code hold-lease}.
 */
final class OptionDefaults implements IDefaultValueProvider {
    static final String FILE = "LPM_CONTROLLER_SETTINGS";

    private final Map<String, String> environment;
    private final Map<String, String> file;

    private OptionDefaults(Map<String, String> environment, Map<String, String> file) {
        this.environment = environment;
        this.file = file;
    }

    /**
     * Reads the file, if there is one.
     *
     * @param command whose options the keys of the file must be
     * @throws IOException when the file cannot be read, or has a key that is no option, naming both
     */
    static OptionDefaults read(Map<String, String> environment, CommandSpec command) throws IOException {
        String path = environment.get(FILE);
        return new OptionDefaults(environment, path == null ? Map.of() : values(Path.of(path), command));
    }

    private static Map<String, String> values(Path path, CommandSpec command) throws IOException {
        JsonNode tree;
        try {
            tree = new YAMLMapper().readTree(path.toFile());
        } catch (JacksonException wrong) {
            throw new IOException(
                    "the settings in %s cannot be used: %s".formatted(path, wrong.getOriginalMessage()), wrong);
        }
        if (!tree.isObject()) {
            throw new IOException(
                    "the settings in %s are no map of keys and values, such as 'hold-lease: PT30S'".formatted(path));
        }
        Set<String> known = new TreeSet<>();
        for (OptionSpec option : command.options()) {
            if (!option.usageHelp() && !option.versionHelp()) {
                known.add(option.longestName().substring("--".length()));
            }
        }
        Map<String, String> values = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : tree.properties()) {
            if (!known.contains(entry.getKey())) {
                throw new IOException("the settings in %s have the key '%s'; known are %s"
                        .formatted(path, entry.getKey(), String.join(", ", known)));
            }
            values.put(entry.getKey(), entry.getValue().asText());
        }
        return values;
    }

    static String variable(OptionSpec option) {
        return "LPM_CONTROLLER_"
                + option.longestName()
                        .substring("--".length())
                        .replace('-', '_')
                        .toUpperCase(Locale.ROOT);
    }

    @Override
    public @Nullable String defaultValue(ArgSpec argument) {
        if (!(argument instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
            return null;
        }
        String value = environment.get(variable(option));
        return value != null ? value : file.get(option.longestName().substring("--".length()));
    }
}
