package domain.my.lpm.webhook;

import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Option;

/** What the webhook and its configuration must agree on. */
final class ServiceOptions {
    @Option(
            names = "--namespace",
            required = true,
            paramLabel = "NAME",
            description = "The namespace of the webhook. Its pods are never touched.")
    String namespace = "";

    @Option(
            names = "--service",
            paramLabel = "NAME",
            defaultValue = "lpm-webhook",
            description = "The webhook's Service. Default: ${DEFAULT-VALUE}")
    String service = "";

    @Option(
            names = "--system-namespaces",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "kube-system,kube-public,kube-node-lease",
            description = "Further namespaces whose pods are never touched. Default: ${DEFAULT-VALUE}")
    Set<String> systemNamespaces = new TreeSet<>();

    @Option(
            names = "--request-timeout",
            paramLabel = "DURATION",
            defaultValue = "PT5S",
            description = "How long a request may take; shorter than the API server waits. Default: ${DEFAULT-VALUE}")
    Duration requestTimeout = Duration.ZERO;

    /** All namespaces whose pods are never touched. */
    Set<String> untouched() {
        Set<String> all = new TreeSet<>(systemNamespaces);
        all.add("kube-system");
        all.add(namespace);
        return all;
    }
}
