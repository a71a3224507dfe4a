package domain.my.lpm.sandbox.cluster.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.sandbox.cluster.node.ExecFrames;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a command in a container. */
@Command(
        name = "exec",
        mixinStandardHelpOptions = true,
        description = "Runs a command in a container, with nothing on its standard input, and ends with its exit code.")
final class ExecCommand implements Callable<Integer> {
    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Parameters(index = "0", paramLabel = "POD", description = "The pod.")
    private String podName = "";

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "COMMAND", description = "The command; after --.")
    private List<String> command = new ArrayList<>();

    @Option(
            names = {"-c", "--container"},
            paramLabel = "NAME",
            description = "The container; the first if it is not given.")
    private @Nullable String container;

    @Override
    public Integer call() throws IOException {
        ApiClient client = cluster.client();
        JsonNode pod = client.get("/api/v1/namespaces/" + cluster.namespace + "/pods/" + podName, "application/json");
        String chosen = container == null ? pod.at("/spec/containers/0/name").asText() : container;
        ObjectNode body = ApiClient.JSON.createObjectNode();
        command.forEach(body.putArray("command")::add);
        var answer = client.askKubelet(
                pod,
                "POST",
                "/exec/" + cluster.namespace + "/" + podName + "/" + chosen,
                body.toString().getBytes(StandardCharsets.UTF_8));
        try (DataInputStream frames = new DataInputStream(answer.body())) {
            return ExecFrames.copy(frames, System.out, System.err);
        }
    }
}
