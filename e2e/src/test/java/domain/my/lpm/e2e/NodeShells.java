package domain.my.lpm.e2e;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;

/**
 * A root shell on every node, from a privileged pod: for what no API shows, and to make faults. Each of them keeps what
 * containers of the scenarios print beyond the life of their pods, by a second name of their log files.
 */
final class NodeShells implements AutoCloseable {
    private static final String NAMESPACE = "lpm-e2e";
    private static final String NAME = "node-shell";
    /** On the nodes, removed at the end. */
    private static final String KEPT = "/var/log/lpm-e2e";

    private final KubernetesClient client;
    private final Map<String, String> podOf = new HashMap<>();

    private NodeShells(KubernetesClient client) {
        this.client = client;
    }

    /** Starts them, and waits until each answers. */
    static NodeShells start(KubernetesClient client, List<String> nodes) {
        NodeShells shells = new NodeShells(client);
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .addToLabels("pod-security.kubernetes.io/enforce", "privileged")
                        .endMetadata()
                        .build())
                .serverSideApply();
        client.resource(daemonSet()).inNamespace(NAMESPACE).serverSideApply();
        Awaitility.await().atMost(Cluster.PATIENCE).untilAsserted(() -> {
            for (Pod pod : client.pods()
                    .inNamespace(NAMESPACE)
                    .withLabel("app", NAME)
                    .list()
                    .getItems()) {
                if ("Running".equals(pod.getStatus().getPhase())
                        && pod.getMetadata().getDeletionTimestamp() == null) {
                    shells.podOf.put(
                            pod.getSpec().getNodeName(), pod.getMetadata().getName());
                }
            }
            if (!shells.podOf.keySet().containsAll(nodes)) {
                throw new AssertionError("shells run on " + shells.podOf.keySet() + " and not on all of " + nodes);
            }
        });
        return shells;
    }

    private static DaemonSet daemonSet() {
        // A file may only be named anew in the mount it is in: all of it happens in the node's own namespaces.
        return Serialization.unmarshal("""
                apiVersion: apps/v1
                kind: DaemonSet
                metadata: {name: %1$s}
                spec:
                  selector: {matchLabels: {app: %1$s}}
                  template:
                    metadata: {labels: {app: %1$s}}
                    spec:
                      hostPID: true
                      enableServiceLinks: false
                      terminationGracePeriodSeconds: 0
                      tolerations: [{operator: Exists}]
                      containers:
                      - name: shell
                        image: docker.io/library/busybox:1.37
                        securityContext: {privileged: true}
                        command:
                        - nsenter
                        - -t
                        - "1"
                        - -m
                        - sh
                        - -c
                        - |
                          mkdir -p %2$s
                          while :; do
                            for log in /var/log/pods/lpm-e2e-*/*/*.log; do
                              [ -f "$log" ] || continue
                              directory=${log%%/*}
                              container=${directory##*/}
                              pod=${directory%%/*}
                              kept=%2$s/${pod##*/}@$container@${log##*/}
                              [ "$log" -ef "$kept" ] && continue
                              # A runtime that restores a container puts another file there.
                              [ ! -e "$kept" ] || mv "$kept" "$kept.$(stat -c %%i "$kept")"
                              ln "$log" "$kept"
                            done
                            sleep 0.2
                          done
                """.formatted(NAME, KEPT), DaemonSet.class);
    }

    /**
     * Runs a script on a node, as its root, in its namespaces.
     *
     * @return what it printed
     * @throws IllegalStateException when it fails, with what it printed as the reason
     */
    String run(String node, String script) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        try (ExecWatch watch = client.pods()
                .inNamespace(NAMESPACE)
                .withName(pod(node))
                .writingOutput(out)
                .writingError(errors)
                .exec("nsenter", "-t", "1", "-m", "-u", "-n", "-i", "-p", "sh", "-c", script)) {
            Integer code = watch.exitCode().get(Cluster.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (code == null || code != 0) {
                throw new IllegalStateException("'" + script + "' on " + node + " ended with " + code + ": "
                        + errors.toString(StandardCharsets.UTF_8));
            }
            return out.toString(StandardCharsets.UTF_8);
        } catch (ExecutionException | TimeoutException | CompletionException | KubernetesClientException failed) {
            throw new IllegalStateException("'" + script + "' could not be run on " + node + ": " + failed, failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        }
    }

    /** Runs a script on a node a moment after this returns: for what the answer would not survive. */
    void soon(String node, String script) {
        run(node, "setsid sh -c 'sleep 0.1; %s' >/dev/null 2>&1 </dev/null &".formatted(script.replace("'", "'\\''")));
    }

    private String pod(String node) {
        String pod = podOf.get(node);
        if (pod == null) {
            throw new IllegalArgumentException("there is no shell on " + node);
        }
        return pod;
    }

    /** All lines of ticks that the containers of a namespace's pods wrote on a node, those of pods that are gone included. */
    List<Tick> ticks(String node, String namespace) {
        String printed = run(
                node,
                "cd %s; for log in %s_*; do [ -f \"$log\" ] || continue; echo \"log $log\"; grep ' stdout [FP] tick ' \"$log\" || :; done"
                        .formatted(KEPT, namespace));
        return new KeptLogs(node).ticks(printed);
    }

    /** Parses what {@link #ticks} has printed. */
    private record KeptLogs(String node) {
        List<Tick> ticks(String printed) {
            String pod = "";
            String uid = "";
            List<Tick> ticks = new ArrayList<>();
            for (String line : printed.split("\n")) {
                if (line.startsWith("log ")) {
                    String[] name =
                            line.substring("log ".length()).split("@", 2)[0].split("_");
                    pod = name[1];
                    uid = name[2];
                } else if (!line.isEmpty()) {
                    ticks.add(Tick.parse(node, pod, uid, line));
                }
            }
            return ticks;
        }
    }

    /** The names of the processes that a node accounts to a container, by the memory that they use. */
    List<String> processes(String node, String containerId) {
        return run(
                        node,
                        "for p in /proc/[0-9]*; do if grep -q -s -E '^[0-9]+:(memory)?:.*%s' $p/cgroup; then cat $p/comm; fi; done 2>/dev/null; true"
                                .formatted(id(containerId)))
                .lines()
                .toList();
    }

    /** The part of a container's id in the API that is in the names of its control groups. */
    static String id(String containerId) {
        return containerId.substring(containerId.lastIndexOf('/') + 1);
    }

    /** Removes them, and what they kept. */
    @Override
    public void close() {
        podOf.keySet().forEach(node -> run(node, "rm -rf " + KEPT));
        client.namespaces().withName(NAMESPACE).delete();
    }
}
