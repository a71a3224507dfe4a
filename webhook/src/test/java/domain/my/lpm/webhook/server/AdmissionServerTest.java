package domain.my.lpm.webhook.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.webhook.admission.Admission;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponseBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdmissionServerTest {
    private static final String PATH = "/decide";
    private static final int WAIT_MILLIS = 60_000;
    private static final Admission ALLOW = request -> allowed(request.about().getUid());

    private final ExecutorService background = Executors.newCachedThreadPool();
    private final List<Serving> started = new ArrayList<>();

    @AfterEach
    void stop() {
        started.forEach(Serving::close);
        background.shutdownNow();
    }

    @Test
    void answersAReview() throws Exception {
        Serving serving = start(Serving.OPTIONS, ALLOW);

        HttpResponse<String> response = serving.client().post(PATH, review("a", ""));

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(new ObjectMapper().readTree(response.body())).isEqualTo(new ObjectMapper().readTree("""
                                {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                                 "response": {"uid": "a", "allowed": true}}"""));
    }

    @Test
    void takesTheTimeoutThatTheApiServerAppends() throws Exception {
        assertThat(start(Serving.OPTIONS, ALLOW)
                        .client()
                        .post(PATH + "?timeout=10s", review("a", ""))
                        .statusCode())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``     | the body is of kind '' and apiVersion ''; only AdmissionReview of admission.k8s.io/v1 is answered
            {      | the body is no JSON: Unexpected end-of-input
            {} {}  | the body is no JSON: Trailing token
            []     | the body is of kind '' and apiVersion ''; only AdmissionReview of admission.k8s.io/v1 is answered
            {"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview"} | the body is of kind 'AdmissionReview' and apiVersion 'admission.k8s.io/v1beta1'; only AdmissionReview of admission.k8s.io/v1 is answered
            {"apiVersion": "admission.k8s.io/v1", "kind": "Pod"} | the body is of kind 'Pod' and apiVersion 'admission.k8s.io/v1'; only AdmissionReview of admission.k8s.io/v1 is answered
            {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"} | the review has no request with a uid; set both
            {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": ""}} | the review has no request with a uid; set both
            {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "a", "resource": "pods"}} | the request is malformed: Cannot construct instance
            """)
    void tellsWhatIsWrongWithARequest(String body, String message) throws Exception {
        HttpResponse<String> response = start(Serving.OPTIONS, ALLOW).client().post(PATH, body);

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).startsWith(message);
    }

    @Test
    void takesNothingButPostedJson() throws Exception {
        Client client = start(Serving.OPTIONS, ALLOW).client();

        HttpResponse<String> got = client.get(PATH);
        assertThat(got.statusCode()).isEqualTo(405);
        assertThat(got.headers().firstValue("Allow")).contains("POST");
        HttpResponse<String> text =
                client.post(PATH, "text/plain", HttpRequest.BodyPublishers.ofString(review("a", "")));
        assertThat(text.statusCode()).isEqualTo(415);
        assertThat(text.body()).isEqualTo("the Content-Type is 'text/plain'; send application/json\n");
        assertThat(client.post(
                                PATH,
                                "application/json; charset=utf-8",
                                HttpRequest.BodyPublishers.ofString(review("a", "")))
                        .statusCode())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"/", "/decide/", "/decide/more", "/decided", "/healthz/more", "/metrics/more"})
    void hasNothingAtOtherPaths(String path) throws Exception {
        HttpResponse<String> response = start(Serving.OPTIONS, ALLOW).client().post(path, review("a", ""));

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).isEqualTo("there is nothing at this path\n");
    }

    @Test
    void takesBodiesUpToTheLimit() throws Exception {
        int limit = 200_000;
        Client client =
                start(with(4, limit, Serving.OPTIONS.requestTimeout()), ALLOW).client();
        String fits = review("a", "x".repeat(limit - review("a", "").length()));
        assertThat(fits).hasSize(limit);

        assertThat(client.post(PATH, fits).statusCode()).isEqualTo(200);
        HttpResponse<String> tooLarge = client.post(PATH, fits + " ");
        assertThat(tooLarge.statusCode()).isEqualTo(413);
        assertThat(tooLarge.body())
                .isEqualTo("the body is larger than 200000 bytes; raise the option --body-limit if reviews are\n");
        byte[] large = (fits + " ".repeat(10 * limit)).getBytes(StandardCharsets.UTF_8);
        assertThat(client.post(
                                PATH,
                                "application/json",
                                HttpRequest.BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(large)))
                        .statusCode())
                .as("sent in chunks, without a Content-Length")
                .isEqualTo(413);
        assertThat(client.post(PATH, fits).statusCode()).isEqualTo(200);
    }

    @Test
    void answersManyAtOnceEachItsOwn() throws Exception {
        Serving serving = start(Serving.OPTIONS, ALLOW);
        int clients = 12;
        int requests = 40;
        List<Future<List<String>>> results = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            String name = "client-" + i + "-";
            Client client = serving.another();
            results.add(background.submit(() -> {
                List<String> answers = new ArrayList<>();
                for (int j = 0; j < requests; j++) {
                    answers.add(new ObjectMapper()
                            .readTree(client.post(PATH, review(name + j, "x".repeat(j * 100)))
                                    .body())
                            .at("/response/uid")
                            .asText());
                }
                return answers;
            }));
        }

        for (int i = 0; i < clients; i++) {
            List<String> expected = new ArrayList<>();
            for (int j = 0; j < requests; j++) {
                expected.add("client-" + i + "-" + j);
            }
            assertThat(results.get(i).get()).isEqualTo(expected);
        }
    }

    @Test
    void answersAnErrorOfADecisionWith500() throws Exception {
        Client client = start(Serving.OPTIONS, request -> {
                    throw new IllegalStateException("broken " + request.about().getUid());
                })
                .client();

        HttpResponse<String> response = client.post(PATH, review("a", ""));

        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.body())
                .isEqualTo("an internal error, see the webhook's log: java.lang.IllegalStateException: broken a\n");
    }

    @Test
    void closesAConnectionThatStallsWithinABody() throws Exception {
        Serving serving = start(with(1, 1000, Duration.ofMillis(500)), ALLOW);
        try (SSLSocket slow = (SSLSocket) serving.client()
                .context()
                .getSocketFactory()
                .createSocket("localhost", serving.server().address().getPort())) {
            slow.setSoTimeout(WAIT_MILLIS);
            OutputStream out = slow.getOutputStream();
            out.write(("POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + "Content-Length: 500\r\n\r\n{")
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();

            assertThat(isClosed(slow.getInputStream())).isTrue();
        }
        assertThat(serving.client().post(PATH, review("a", "")).statusCode())
                .as("the only thread is free again")
                .isEqualTo(200);
    }

    @Test
    void closesAConnectionThatStallsWithinTheHandshake() throws Exception {
        Serving serving = start(with(1, 1000, Duration.ofMillis(500)), ALLOW);
        try (Socket slow = new Socket("localhost", serving.server().address().getPort())) {
            slow.setSoTimeout(WAIT_MILLIS);
            slow.getOutputStream().write(0x16);

            assertThat(isClosed(slow.getInputStream())).isTrue();
        }
        assertThat(serving.client().post(PATH, review("a", "")).statusCode()).isEqualTo(200);
    }

    @Test
    void finishesRunningRequestsBeforeItStops() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Serving serving = start(Serving.OPTIONS, blocking(arrived, release));
        Future<HttpResponse<String>> running =
                background.submit(() -> serving.client().post(PATH, review("a", "")));
        arrived.await();
        assertThat(serving.another().get("/readyz").statusCode()).isEqualTo(200);

        Future<?> stopped = background.submit(serving::close);
        await().until(() -> refuses(serving));
        assertThat(running).isNotDone();
        assertThat(stopped).isNotDone();
        release.countDown();

        assertThat(running.get().statusCode()).isEqualTo(200);
        stopped.get();
    }

    @Test
    void isNotReadyButServesWhileItDrains() throws Exception {
        ServerOptions options = new ServerOptions(
                Serving.OPTIONS.address(),
                4,
                1000,
                Serving.OPTIONS.requestTimeout(),
                Duration.ofHours(1),
                Duration.ofSeconds(30));
        Serving serving = start(options, ALLOW);
        Future<?> stopped = background.submit(serving::close);

        await().until(() -> serving.client().get("/readyz").statusCode() == 503);
        assertThat(serving.client().get("/readyz").body()).isEqualTo("stopping\n");
        assertThat(serving.client().get("/healthz").statusCode()).isEqualTo(200);
        HttpResponse<String> served = serving.client().post(PATH, review("a", ""));
        assertThat(served.statusCode()).isEqualTo(200);
        assertThat(served.headers().firstValue("Connection")).contains("close");
        // Its drain is cut short.
        stopped.cancel(true);
        await().until(() -> refuses(serving));
        assertThatThrownBy(() -> serving.client().get("/healthz")).isInstanceOf(ConnectException.class);
    }

    @Test
    void cutsOffWhatDoesNotFinishInTime() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        ServerOptions options = new ServerOptions(
                Serving.OPTIONS.address(),
                4,
                1000,
                Serving.OPTIONS.requestTimeout(),
                Duration.ZERO,
                Duration.ofSeconds(1));
        Serving serving = start(options, blocking(arrived, new CountDownLatch(1)));
        Future<HttpResponse<String>> running =
                background.submit(() -> serving.client().post(PATH, review("a", "")));
        arrived.await();

        serving.close();

        assertThatThrownBy(running::get).hasCauseInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0 | 1 | PT1S | PT0S  | threads must be at least 1
            1 | 0 | PT1S | PT0S  | the body limit must be at least 1 byte
            1 | 1 | PT0S | PT0S  | the request timeout must be longer than nothing
            1 | 1 | PT1S | PT-1S | the drain must not be negative
            """)
    void refusesOptionsThatCannotBe(int threads, int body, Duration request, Duration drain, String message) {
        assertThatThrownBy(() ->
                        new ServerOptions(Serving.OPTIONS.address(), threads, body, request, drain, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    private Serving start(ServerOptions options, Admission admission) throws IOException {
        Serving serving = Serving.start(options, Map.of(PATH, admission));
        started.add(serving);
        return serving;
    }

    private static ServerOptions with(int threads, int bodyLimit, Duration requestTimeout) {
        return new ServerOptions(
                Serving.OPTIONS.address(),
                threads,
                bodyLimit,
                requestTimeout,
                Duration.ZERO,
                Serving.OPTIONS.stopTimeout());
    }

    private static Admission blocking(CountDownLatch arrived, CountDownLatch release) {
        return request -> {
            arrived.countDown();
            try {
                release.await();
            } catch (InterruptedException cutOff) {
                throw new IllegalStateException(cutOff);
            }
            return allowed(request.about().getUid());
        };
    }

    private static AdmissionResponse allowed(String uid) {
        return new AdmissionResponseBuilder().withUid(uid).withAllowed(true).build();
    }

    private static boolean refuses(Serving serving) throws InterruptedException {
        try {
            serving.another().get("/healthz");
            return false;
        } catch (IOException refused) {
            return true;
        }
    }

    private static boolean isClosed(InputStream in) {
        try {
            return in.read() == -1;
        } catch (java.net.SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    private static String review(String uid, String padding) {
        return """
                {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                 "request": {"uid": "%s", "operation": "CREATE", "object": {"data": "%s"}}}""".formatted(uid, padding);
    }
}
