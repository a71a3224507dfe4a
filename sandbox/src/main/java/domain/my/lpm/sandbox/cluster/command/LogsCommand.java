package domain.my.lpm.sandbox.cluster.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a container printed. */
@Command(
        name = "logs",
        mixinStandardHelpOptions = true,
        description = "Shows what a container printed since it was started.")
final class LogsCommand implements Callable<Integer> {
    private static final int BUFFER = 8192;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Parameters(index = "0", paramLabel = "POD", description = "The pod.")
    private String podName = "";

    @Option(
            names = {"-c", "--container"},
            paramLabel = "NAME",
            description = "The container; the first if it is not given.")
    private @Nullable String container;

    @Option(
            names = {"-f", "--follow"},
            description = "Goes on until the container has ended.")
    private boolean follow;

    @Override
    public Integer call() throws IOException {
        ApiClient client = cluster.client();
        JsonNode pod = client.get("/api/v1/namespaces/" + cluster.namespace + "/pods/" + podName, "application/json");
        String chosen = container == null ? pod.at("/spec/containers/0/name").asText() : container;
        String path =
                "/containerLogs/" + cluster.namespace + "/" + podName + "/" + chosen + (follow ? "?follow=true" : "");
        PrintStream out = System.out;
        try (InputStream log = client.askKubelet(pod, "GET", path, new byte[0]).body()) {
            byte[] buffer = new byte[BUFFER];
            for (int count; (count = log.read(buffer)) >= 0; ) {
                out.write(buffer, 0, count);
                out.flush();
            }
        }
        return 0;
    }
}
