package domain.my.lpm.sandbox.cluster.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.sandbox.cluster.command.ApiClient.Kind;
import domain.my.lpm.sandbox.cluster.command.ApiClient.RefusedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Deletes objects. */
@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        description = "Deletes objects, and waits until they are gone.")
final class DeleteCommand implements Callable<Integer> {
    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Parameters(index = "0", paramLabel = "KIND", description = "A plural, singular or short name.")
    private String kindName = "";

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "NAME", description = "The objects.")
    private List<String> names = new ArrayList<>();

    @Option(
            names = "--grace-period",
            paramLabel = "SECONDS",
            description = "How long a pod may take to end; its own grace if it is not given.")
    private @Nullable Long grace;

    @Option(
            names = "--wait",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Waits. [true]")
    private boolean waits = true;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, InterruptedException {
        ApiClient client = cluster.client();
        Kind kind = client.kind(kindName);
        PrintWriter out = spec.commandLine().getOut();
        ObjectNode options = ApiClient.JSON.createObjectNode();
        if (grace != null) {
            options.put("gracePeriodSeconds", grace);
        }
        for (String name : names) {
            String path = kind.path(cluster.namespace, name);
            JsonNode deleted = ApiClient.json(client.send(
                    "DELETE", path, "application/json", options.toString().getBytes(StandardCharsets.UTF_8)));
            while (waits && isThere(client, path, deleted.at("/metadata/uid"))) {
                TimeUnit.SECONDS.sleep(1);
            }
            out.println(kind.shown(name) + " deleted");
            out.flush();
        }
        return 0;
    }

    private static boolean isThere(ApiClient client, String path, JsonNode uid) {
        try {
            return client.get(path, "application/json").at("/metadata/uid").equals(uid);
        } catch (RefusedException gone) {
            if (gone.code() == 404) {
                return false;
            }
            throw gone;
        }
    }
}
