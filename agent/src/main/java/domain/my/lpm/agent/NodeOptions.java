package domain.my.lpm.agent;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where an agent works: what every command that runs on a node in its place has, too. Not final fields: picocli fills them. */
final class NodeOptions {
    @Option(names = "--node", required = true, paramLabel = "NAME", description = "The node's name in the API.")
    String node = "";

    @Option(
            names = "--bind-address",
            paramLabel = "ADDRESS",
            defaultValue = "0.0.0.0",
            description = "Where to listen. Default: ${DEFAULT-VALUE}")
    String address = "";

    @Option(
            names = "--health-port",
            paramLabel = "PORT",
            defaultValue = "50052",
            description = "Where /livez and /readyz are answered over plain HTTP. Default: ${DEFAULT-VALUE}")
    int healthPort;

    @Option(
            names = "--staging",
            paramLabel = "DIR",
            defaultValue = "/staging",
            description =
                    "A directory on a disk of the node, for what is too large for memory. Default: ${DEFAULT-VALUE}")
    Path staging = Path.of("");

    @Option(
            names = "--state",
            paramLabel = "DIR",
            defaultValue = "/var/lib/lpm/agent",
            description = "A directory on a disk of the node for holds and other records, which must outlive the agent."
                    + " Default: ${DEFAULT-VALUE}")
    Path state = Path.of("");

    @Option(
            names = "--node-root",
            paramLabel = "DIR",
            defaultValue = "/host",
            description = "Where the node's root file system is mounted. Default: ${DEFAULT-VALUE}")
    Path nodeRoot = Path.of("");

    @Option(
            names = "--launcher",
            paramLabel = "PROGRAM",
            defaultValue = "/usr/bin/restore-launcher",
            description = "The launcher of the toolkit. Default: ${DEFAULT-VALUE}")
    String launcher = "";
}
