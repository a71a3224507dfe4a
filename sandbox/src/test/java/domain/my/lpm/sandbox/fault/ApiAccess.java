package domain.my.lpm.sandbox.fault;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How participants in a JVM of their own reach the API. */
final class ApiAccess {
    private static final String TOKEN = "token";

    private ApiAccess() {}

    /** Puts the token beside the certificates of a participant. */
    static void write(Path directory, String token) throws IOException {
        Files.writeString(directory.resolve(TOKEN), token);
    }

    static KubernetesClient client(String url, Path directory) throws IOException {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(Config.empty())
                        .withMasterUrl(url)
                        .withOauthToken(Files.readString(directory.resolve(TOKEN)))
                        .withCaCertFile(directory.resolve("ca.crt").toString())
                        .withNamespace("default")
                        .withOnlyHttpWatches(true)
                        .build())
                .build();
    }
}
