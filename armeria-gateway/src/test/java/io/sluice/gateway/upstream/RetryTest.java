package io.sluice.gateway.upstream;

import static io.sluice.gateway.rig.GatewayRig.cluster;
import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a call is made again, how often, and with which bytes. */
class RetryTest {
    private static final String BUSY = "HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy";
    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    private static String route(String policy, String more) {
        return "{match: {prefix: /}, route: {cluster: up%s, retry_policy: {%s, retry_back_off: {base_interval: 0.001s}}}}"
                .formatted(more, policy);
    }

    private static String status(int code, String... headers) {
        String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
        return "HTTP/1.1 " + code + " Told\r\n" + more + "content-length: 0\r\n\r\n";
    }

    @ParameterizedTest(name = "{0} {1} after {2} asks {3} times")
    @CsvSource(delimiter = '|', textBlock = """
                    5xx                    | 1 | 503   | 2
                    5xx                    | 1 | 500   | 2
                    5xx                    | 3 | 503   | 4
                    5xx                    | 0 | 503   | 1
                    5xx                    | 1 | reset | 2
                    5xx                    | 1 | 404   | 1
                    gateway-error          | 1 | 500   | 1
                    gateway-error          | 1 | 502   | 2
                    gateway-error          | 1 | reset | 2
                    reset                  | 1 | reset | 2
                    reset                  | 1 | 503   | 1
                    connect-failure        | 1 | reset | 1
                    connect-failure        | 1 | 503   | 1
                    reset-before-request   | 1 | reset | 1
                    refused-stream         | 1 | reset | 1
                    retriable-4xx          | 1 | 409   | 2
                    retriable-4xx          | 1 | 404   | 1
                    retriable-status-codes | 1 | 418   | 2
                    retriable-status-codes | 1 | 503   | 1
                    nonsense               | 1 | 503   | 1
                    """)
    void triesAgain(String on, int times, String outcome, int asked) {
        String answer = outcome.equals("reset") ? "" : status(Integer.parseInt(outcome));
        try (UpstreamRig up = UpstreamRig.answeringInTurn(answer)) {
            gateway.configure(
                    route("retry_on: \"%s\", num_retries: %d, retriable_status_codes: [418]".formatted(on, times), ""),
                    http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                String path = "/" + on + times + outcome;
                assertThat(caller.get(path).status())
                        .isEqualTo(outcome.equals("reset") ? 503 : Integer.parseInt(outcome));
                assertThat(up.waitingRequests()).isEqualTo(asked);
                assertThat(gateway.logged(path))
                        .satisfies(line -> assertThat(line.contains("URX")).isEqualTo(asked > 1 || times == 0));
            }
        }
    }

    @Test
    void hidesAFailureThatPasses() {
        try (UpstreamRig up = UpstreamRig.answeringInTurn(BUSY, "", ok("hello"))) {
            gateway.configure(route("retry_on: 5xx, num_retries: 2", ""), http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.post("/hidden", "body").brief()).isEqualTo("200 hello");
            }
            for (int i = 0; i < 3; i++) {
                assertThat(up.request().body()).isEqualTo("body");
            }
            assertThat(gateway.logged("/hidden")).isEqualTo("POST /hidden 200 - via_upstream");
        }
    }

    @Test
    void saysThatItTriedBefore() {
        try (UpstreamRig up = UpstreamRig.answeringInTurn("")) {
            gateway.configure(route("retry_on: reset", ""), http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/twice").body())
                        .isEqualTo(
                                "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: "
                                        + "connection termination");
            }
            assertThat(gateway.logged("/twice")).startsWith("GET /twice 503 URX,UC ");
        }
    }

    @ParameterizedTest(name = "{0} bytes of body, kept up to 1 MiB: asked {1} times")
    @CsvSource({"1048576, 2", "1048577, 1"})
    void replaysABodyThatItCouldKeep(int bytes, int asked) {
        try (UpstreamRig up = UpstreamRig.answeringInTurn(BUSY)) {
            gateway.configure(route("retry_on: 5xx", ""), http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.post("/kept" + bytes, "x".repeat(bytes)).brief())
                        .isEqualTo("503 busy");
            }
            assertThat(up.waitingRequests()).isEqualTo(asked);
            for (int i = 0; i < asked; i++) {
                assertThat(up.request().body()).isEqualTo("x".repeat(bytes));
            }
        }
    }

    @Test
    void neverSendsAPostTwiceWhereTheConditionDoesNotSaySo() {
        try (UpstreamRig up = UpstreamRig.answeringInTurn(ok("first"), "", ok("never"))) {
            gateway.configure(
                    route("retry_on: \"connect-failure,refused-stream,reset-before-request\", num_retries: 3", ""),
                    http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.post("/", "one").brief()).isEqualTo("200 first");
                assertThat(caller.post("/sent", "two").status())
                        .as("reset on a connection used before")
                        .isEqualTo(503);
            }
            assertThat(up.request().body()).isEqualTo("one");
            assertThat(up.request().body()).isEqualTo("two");
            assertThat(up.waitingRequests()).isZero();
            assertThat(gateway.logged("/sent")).startsWith("POST /sent 503 UC ");
        }
    }

    @Test
    void keepsAnAnswerThatBegan() {
        try (UpstreamRig up = UpstreamRig.answeringInTurn("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe", "")) {
            up.script(socket -> {
                Http1Peer peer = new Http1Peer(socket);
                up.record(peer.read());
                peer.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe");
            });
            gateway.configure(route("retry_on: \"5xx,reset\", num_retries: 3", ""), http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send("GET /began HTTP/1.1\r\nhost: test\r\n\r\n");
                assertThat(caller.head().status()).isEqualTo(200);
                assertThat(caller.rest()).isEqualTo("he");
            }
            assertThat(gateway.logged("/began")).startsWith("GET /began 200 UPE ");
            assertThat(up.waitingRequests()).isEqualTo(1);
        }
    }

    @Test
    void triesAnotherEndpointWhereOneRefuses() throws Exception {
        int gone;
        try (UpstreamRig closed = UpstreamRig.answering("")) {
            gone = closed.port();
        }
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(
                    route(
                            "retry_on: connect-failure, num_retries: 3, retry_host_predicate: [{name: p, typed_config: {\"@type\": "
                                    + "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate}}], "
                                    + "host_selection_retry_max_attempts: 5",
                            ""),
                    http1(gone, up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                for (int i = 0; i < 10; i++) {
                    assertThat(caller.post("/", "body" + i).brief()).isEqualTo("200 hello");
                }
            }
            assertThat(up.waitingRequests()).isEqualTo(10);
        }
    }

    @Test
    void givesEachTryItsTime() {
        try (UpstreamRig up = new UpstreamRig(socket -> {})) {
            up.script(socket -> {
                Http1Peer peer = new Http1Peer(socket);
                up.record(peer.read());
                if (up.accepted() > 1) {
                    peer.send(ok("hello"));
                }
                peer.atEnd();
            });
            gateway.configure(
                    route("retry_on: 5xx, num_retries: 1, per_try_timeout: 0.05s", ", timeout: 10s"), http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/").brief()).isEqualTo("200 hello");
            }
            up.script(socket -> new Http1Peer(socket).rest());
            gateway.configure(
                    route("retry_on: 5xx, num_retries: 1, per_try_timeout: 0.05s", ""), cluster("", up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/each").brief()).isEqualTo("504 upstream request timeout");
            }
            assertThat(gateway.logged("/each")).startsWith("GET /each 504 URX,UT ");
        }
    }

    @Test
    void givesUpATryOnWhichNothingMoves() {
        try (UpstreamRig up = new UpstreamRig(socket -> {})) {
            up.script(socket -> {
                Http1Peer peer = new Http1Peer(socket);
                up.record(peer.read());
                if (up.accepted() > 1) {
                    peer.send(ok("hello"));
                }
                peer.atEnd();
            });
            gateway.configure(
                    route("retry_on: 5xx, num_retries: 1, per_try_idle_timeout: 0.05s", ", timeout: 10s"),
                    http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/").brief()).isEqualTo("200 hello");
            }
        }
    }

    @Test
    void endsTheTriesWithTheTimeOfTheWhole() {
        try (UpstreamRig up = UpstreamRig.answeringInTurn(BUSY)) {
            gateway.configure(
                    "{match: {prefix: /}, route: {cluster: up, timeout: 0.1s, retry_policy: {retry_on: 5xx, num_retries: 10, "
                            + "retry_back_off: {base_interval: 10s, max_interval: 100s}}}}",
                    http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/whole").brief()).isEqualTo("504 upstream request timeout");
            }
            assertThat(up.waitingRequests()).isEqualTo(1);
        }
    }

    @ParameterizedTest(name = "{0}: asked {1} times")
    @CsvSource(delimiter = '|', textBlock = """
                    x-envoy-retry-on: 5xx                                | 2
                    x-envoy-retry-on: 5xx, x-envoy-max-retries: 3        | 4
                    x-envoy-max-retries: 3                               | 1
                    x-envoy-retry-on: connect-failure                    | 1
                    """)
    void obeysTheHeadersOfATrustedCaller(String headers, int asked) {
        try (UpstreamRig up = UpstreamRig.answeringInTurn(BUSY)) {
            gateway.configure(
                    List.of(
                            new GatewayRig.Edge(
                                    "edge",
                                    0,
                                    "{match: {prefix: /}, route: {cluster: up}}",
                                    "use_remote_address: true, internal_address_config: {cidr_ranges: [{address_prefix: 127.0.0.1, prefix_len: 32}]}")),
                    http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/", headers.split(", ")).brief()).isEqualTo("503 busy");
            }
            assertThat(up.waitingRequests()).isEqualTo(asked);
            assertThat(up.request().headers()).noneMatch(line -> line.startsWith("x-envoy-retry-on"));
        }
    }

    @Test
    void leavesAnUpstreamAloneThatSaysSo() {
        try (UpstreamRig up = UpstreamRig.answeringInTurn(status(503, "x-envoy-ratelimited: true"))) {
            gateway.configure(route("retry_on: 5xx, num_retries: 3", ""), http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/").status()).isEqualTo(503);
            }
            assertThat(up.waitingRequests()).isEqualTo(1);
        }
    }

    @Test
    void retriesGrpcByItsStatus() {
        try (UpstreamRig up = UpstreamRig.answeringInTurn(
                status(200, "content-type: application/grpc", "grpc-status: 14"),
                status(200, "content-type: application/grpc", "grpc-status: 0"))) {
            gateway.configure(route("retry_on: unavailable", ""), http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/").header("grpc-status")).contains("0");
            }
            assertThat(up.waitingRequests()).isEqualTo(2);
        }
    }
}
