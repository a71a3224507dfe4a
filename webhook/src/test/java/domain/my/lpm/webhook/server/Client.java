package domain.my.lpm.webhook.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** A client that trusts given authorities at the time of a given clock, for the name localhost. */
public final class Client {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final InetSocketAddress server;
    private final SSLContext context;
    private final HttpClient http;

    public Client(InetSocketAddress server, Supplier<List<X509Certificate>> trusted, InstantSource clock) {
        this.server = server;
        try {
            context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Trust(trusted, clock)}, null);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
        http = HttpClient.newBuilder()
                .sslContext(context)
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(PATIENCE)
                .build();
    }

    public SSLContext context() {
        return context;
    }

    public HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    public HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return post(path, "application/json", HttpRequest.BodyPublishers.ofString(body));
    }

    public HttpResponse<String> post(String path, String type, HttpRequest.BodyPublisher body)
            throws IOException, InterruptedException {
        return send(request(path).header("Content-Type", type).POST(body));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("https://localhost:" + server.getPort() + path))
                .timeout(PATIENCE);
    }

    /** Java's own check of a path, but at the clock's time. */
    private static final class Trust extends X509ExtendedTrustManager {
        private final Supplier<List<X509Certificate>> trusted;
        private final InstantSource clock;

        Trust(Supplier<List<X509Certificate>> trusted, InstantSource clock) {
            this.trusted = trusted;
            this.clock = clock;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            try {
                PKIXParameters parameters = new PKIXParameters(trusted.get().stream()
                        .map(authority -> new TrustAnchor(authority, null))
                        .collect(Collectors.toSet()));
                parameters.setRevocationEnabled(false);
                parameters.setDate(Date.from(clock.instant()));
                CertPathValidator.getInstance("PKIX")
                        .validate(CertificateFactory.getInstance("X.509").generateCertPath(List.of(chain)), parameters);
            } catch (GeneralSecurityException untrusted) {
                throw new CertificateException(untrusted.getMessage(), untrusted);
            }
            if (chain[0].getSubjectAlternativeNames() == null
                    || !chain[0].getSubjectAlternativeNames().contains(List.of(2, "localhost"))) {
                throw new CertificateException("not for localhost");
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            checkServerTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            checkServerTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("there are no clients here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return trusted.get().toArray(X509Certificate[]::new);
        }
    }
}
