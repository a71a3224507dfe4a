package domain.my.lpm.sandbox.cluster.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.sandbox.SandboxException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** What the commands ask the cluster, whose kubeconfig they were given. */
final class ApiClient {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final YAMLMapper YAML = new YAMLMapper();
    static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

    private final URI server;
    private final String token;
    private final HttpClient http;

    ApiClient(String kubeconfig) {
        try {
            JsonNode config = YAML.readTree(kubeconfig);
            JsonNode cluster = config.at("/clusters/0/cluster");
            server = URI.create(cluster.path("server").asText());
            token = config.at("/users/0/user/token").asText();
            http = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .sslContext(
                            trusting(cluster.path("certificate-authority-data").asText()))
                    .build();
        } catch (IOException | GeneralSecurityException wrong) {
            throw new SandboxException("the kubeconfig of the sandbox cannot be used: " + wrong.getMessage(), wrong);
        }
    }

    private static SSLContext trusting(String authority) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(
                "sandbox",
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(
                                new ByteArrayInputStream(Base64.getDecoder().decode(authority))));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /**
     * A kind as the cluster's discovery names it.
     *
     * @param apiVersion with the group, if it has one
     */
    record Kind(String apiVersion, String kind, String plural, boolean namespaced) {
        /** The path of an object, or of all when {@code name} is empty; of all namespaces when {@code namespace} is. */
        String path(String namespace, String name) {
            return (apiVersion.contains("/") ? "/apis/" : "/api/") + apiVersion
                    + (namespaced && !namespace.isEmpty() ? "/namespaces/" + namespace : "")
                    + "/" + plural
                    + (name.isEmpty() ? "" : "/" + name);
        }

        /** As the commands print an object's name. */
        String shown(String name) {
            return kind.toLowerCase(Locale.ROOT)
                    + (apiVersion.contains("/") ? "." + apiVersion.split("/", 2)[0] : "") + "/" + name;
        }
    }

    /**
     * The kind that a word names: a plural, with or without its group, a singular or a short name.
     *
     * @throws SandboxException when there is none
     */
    Kind kind(String word) {
        List<String> known = new ArrayList<>();
        for (String apiVersion : apiVersions()) {
            for (JsonNode resource : resources(apiVersion)) {
                String plural = resource.path("name").asText();
                String group = apiVersion.contains("/") ? "." + apiVersion.split("/", 2)[0] : "";
                boolean called = word.equalsIgnoreCase(plural)
                        || word.equalsIgnoreCase(plural + group)
                        || word.equalsIgnoreCase(resource.path("singularName").asText());
                for (JsonNode shortName : resource.path("shortNames")) {
                    called |= word.equalsIgnoreCase(shortName.asText());
                }
                if (called) {
                    return kind(apiVersion, resource);
                }
                known.add(plural);
            }
        }
        throw new SandboxException("there is no kind '" + word + "': there are "
                + String.join(", ", known.stream().sorted().toList()));
    }

    /**
     * The kind of an object.
     *
     * @throws SandboxException when the cluster does not know it
     */
    Kind kindOf(JsonNode object) {
        String apiVersion = object.path("apiVersion").asText();
        String kind = object.path("kind").asText();
        if (apiVersions().contains(apiVersion)) {
            for (JsonNode resource : resources(apiVersion)) {
                if (resource.path("kind").asText().equals(kind)) {
                    return kind(apiVersion, resource);
                }
            }
        }
        throw new SandboxException(
                "the sandbox has no kind " + kind + " of " + apiVersion + ": see ./lpm sandbox get --help");
    }

    private static Kind kind(String apiVersion, JsonNode resource) {
        return new Kind(
                apiVersion,
                resource.path("kind").asText(),
                resource.path("name").asText(),
                resource.path("namespaced").asBoolean());
    }

    private List<String> apiVersions() {
        List<String> versions = new ArrayList<>(List.of("v1"));
        get("/apis", "application/json")
                .path("groups")
                .forEach(group ->
                        versions.add(group.at("/preferredVersion/groupVersion").asText()));
        return versions;
    }

    private List<JsonNode> resources(String apiVersion) {
        List<JsonNode> resources = new ArrayList<>();
        for (JsonNode resource : get((apiVersion.contains("/") ? "/apis/" : "/api/") + apiVersion, "application/json")
                .path("resources")) {
            if (!resource.path("name").asText().contains("/")) {
                resources.add(resource);
            }
        }
        return resources;
    }

    JsonNode get(String path, String accept) {
        return json(send(request(path).header("Accept", accept).GET()));
    }

    HttpResponse<InputStream> send(String method, String path, String type, byte[] body) {
        return checked(send(request(path)
                .header("Content-Type", type)
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body))));
    }

    /** The lines of an answer that goes on, such as a watch's. */
    InputStream stream(String path, String accept) {
        return checked(send(request(path).header("Accept", accept).GET())).body();
    }

    /** Asks the kubelet of the node that a pod runs on. */
    HttpResponse<InputStream> askKubelet(JsonNode pod, String method, String path, byte[] body) {
        String name = pod.at("/metadata/name").asText();
        String nodeName = pod.at("/spec/nodeName").asText();
        if (nodeName.isEmpty()) {
            throw new SandboxException("the pod '" + name + "' is not on a node yet: try again later");
        }
        JsonNode node = get("/api/v1/nodes/" + nodeName, "application/json");
        URI uri = URI.create("https://" + node.at("/status/addresses/0/address").asText() + ":"
                + node.at("/status/daemonEndpoints/kubeletEndpoint/Port").asInt() + path);
        return checked(send(HttpRequest.newBuilder(uri)
                .header("Authorization", "Bearer " + token)
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body))));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(server.resolve(path)).header("Authorization", "Bearer " + token);
    }

    private HttpResponse<InputStream> send(HttpRequest.Builder request) {
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (ConnectException gone) {
            throw new SandboxException("the sandbox does not answer at " + server + ": start it anew", gone);
        } catch (IOException failed) {
            throw new SandboxException("the sandbox at " + server + " did not answer: " + failed, failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while the sandbox was asked", interrupted);
        }
    }

    private static HttpResponse<InputStream> checked(HttpResponse<InputStream> answer) {
        if (answer.statusCode() / 100 != 2) {
            throw refused(answer);
        }
        return answer;
    }

    static JsonNode json(HttpResponse<InputStream> answer) {
        try (InputStream body = checked(answer).body()) {
            return JSON.readTree(body);
        } catch (IOException wrong) {
            throw new SandboxException("the answer of the sandbox is no JSON: " + wrong.getMessage(), wrong);
        }
    }

    /** An answer that says no. */
    static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final int code;

        RefusedException(int code, String message) {
            super(message);
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    private static RefusedException refused(HttpResponse<InputStream> answer) {
        String text;
        try (InputStream body = answer.body()) {
            text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException broken) {
            text = broken.toString();
        }
        String message = text;
        try {
            message = JSON.readTree(text).path("message").asText(text);
        } catch (IOException plain) {
            // Then it is the message itself.
        }
        return new RefusedException(answer.statusCode(), message);
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
