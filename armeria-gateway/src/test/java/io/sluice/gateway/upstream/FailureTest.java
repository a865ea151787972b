package io.sluice.gateway.upstream;

import static io.sluice.gateway.rig.GatewayRig.cluster;
import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each way a call can fail without a retry, in Envoy's words and flags. */
class FailureTest {
    private static final String ALL = "{match: {prefix: /}, route: {cluster: up}}";
    private static final String BEFORE = "upstream connect error or disconnect/reset before headers. ";
    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    private static Http1Peer.Message get(String path) {
        try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
            return caller.get(path);
        }
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void saysThatNoRouteLeadsAnywhere() {
        gateway.configure("{match: {prefix: /a}, route: {cluster: up}}", http1(1));
        assertThat(get("/b").brief()).isEqualTo("404");
        assertThat(gateway.logged("/b")).isEqualTo("GET /b 404 NR route_not_found");
    }

    @Test
    void saysThatAClusterIsUnknown() {
        gateway.configure("{match: {prefix: /}, route: {cluster_header: x-to}}", http1(1));
        try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
            assertThat(caller.get("/unknown", "x-to: nowhere").brief()).isEqualTo("503");
        }
        assertThat(gateway.logged("/unknown")).isEqualTo("GET /unknown 503 NC cluster_not_found");
    }

    @Test
    void saysThatNobodyIsThere() {
        gateway.configure(ALL, http1());
        assertThat(get("/nobody").brief()).isEqualTo("503 no healthy upstream");
        assertThat(gateway.logged("/nobody")).isEqualTo("GET /nobody 503 UH no_healthy_upstream");
    }

    @Test
    void saysThatAConnectionWasRefused() throws Exception {
        gateway.configure(ALL, http1(freePort()));
        assertThat(get("/refused").brief()).isEqualTo("503 " + BEFORE + "reset reason: remote connection failure");
        assertThat(gateway.logged("/refused"))
                .isEqualTo(
                        "GET /refused 503 UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}");
    }

    @Test
    void saysThatAConnectionTookTooLong() throws Exception {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket one = new Socket();
                Socket two = new Socket()) {
            for (Socket waiting : List.of(one, two)) {
                waiting.connect(full.getLocalSocketAddress(), 1_000); // nobody accepts: the queue is full then
            }
            gateway.configure(
                    ALL,
                    "{name: up, type: STATIC, connect_timeout: 0.05s, load_assignment: {cluster_name: up, endpoints: [{lb_endpoints: [%s]}]}}"
                            .formatted(GatewayRig.endpoint(full.getLocalPort())));
            assertThat(get("/unaccepted").brief()).isEqualTo("503 " + BEFORE + "reset reason: connection timeout");
            assertThat(gateway.logged("/unaccepted"))
                    .isEqualTo("GET /unaccepted 503 UF upstream_reset_before_response_started{connection_timeout}");
        }
    }

    @ParameterizedTest(name = "{2} after \"{0}\"")
    @CsvSource(delimiter = '|', textBlock = """
                    ''                                              | connection termination | UC | 503
                    HTTP/1.1 200 OK\\r\\ncontent-le                 | protocol error         | UPE | 502
                    HTTP/1.1 2x0 OK\\r\\n\\r\\n                     | protocol error         | UPE | 502
                    not http at all\\r\\n\\r\\n                     | protocol error         | UPE | 502
                    """)
    void saysHowAConnectionEndedBeforeAnAnswer(String sent, String reason, String flag, int status) {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.read();
            peer.send(sent.replace("\\r\\n", "\r\n"));
            peer.shutdownOutput();
            peer.atEnd();
        })) {
            gateway.configure(ALL, http1(up.port()));
            String path = "/before" + sent.length();
            assertThat(get(path).brief()).startsWith(status + " " + BEFORE + "reset reason: " + reason);
            assertThat(gateway.logged(path))
                    .startsWith("GET " + path + " " + status + " " + flag + " upstream_reset_before_response_started{"
                            + reason.replace(' ', '_'));
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    content-length: 10\\r\\n\\r\\nhello                              | UPE
                    transfer-encoding: chunked\\r\\n\\r\\n5\\r\\nhello\\r\\n            | UPE
                    """)
    void breaksOffWhereTheUpstreamBrokeOff(String rest, String flag) {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.read();
            peer.send("HTTP/1.1 200 OK\r\n" + rest.replace("\\r\\n", "\r\n"));
        })) {
            gateway.configure(ALL, http1(up.port()));
            String path = "/midway" + rest.length();
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThatThrownBy(() -> caller.get(path)).isInstanceOf(UncheckedIOException.class);
            }
            assertThat(gateway.logged(path))
                    .isEqualTo(
                            "GET " + path + " 200 " + flag + " upstream_reset_after_response_started{protocol_error}");
        }
    }

    @Test
    void cancelsTheCallOfACallerThatIsGone() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.read();
            asked.countDown();
            if (peer.atEnd()) {
                cancelled.countDown();
            }
        })) {
            gateway.configure(ALL, http1(up.port()));
            Http1Peer caller = Http1Peer.connect(gateway.port());
            caller.send("GET /gone HTTP/1.1\r\nhost: test\r\n\r\n");
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
            caller.close();
            assertThat(cancelled.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(gateway.logged("/gone")).isEqualTo("GET /gone 0 DC downstream_remote_disconnect");
        }
    }

    @Test
    void answersInTimeWhereTheUpstreamDoesNot() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.read();
            peer.atEnd();
        })) {
            gateway.configure("{match: {prefix: /}, route: {cluster: up, timeout: 0.05s}}", http1(up.port()));
            assertThat(get("/late").brief()).isEqualTo("504 upstream request timeout");
            assertThat(gateway.logged("/late")).isEqualTo("GET /late 504 UT response_timeout");
            await().until(() -> up.connected() == 0);
        }
    }

    @Test
    void breaksOffAnAnswerThatTakesTooLong() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.read();
            peer.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello");
            peer.atEnd();
        })) {
            gateway.configure("{match: {prefix: /}, route: {cluster: up, timeout: 0.2s}}", http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThatThrownBy(() -> caller.get("/slow")).isInstanceOf(UncheckedIOException.class);
            }
            assertThat(gateway.logged("/slow")).startsWith("GET /slow 200 UT ");
        }
    }

    @Test
    void endsAStreamOnWhichNothingMoves() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.read();
            peer.atEnd();
        })) {
            gateway.configure(
                    "{match: {prefix: /}, route: {cluster: up, timeout: 0s, idle_timeout: 0.05s}}", http1(up.port()));
            assertThat(get("/quiet").brief()).isEqualTo("504 stream timeout");
            assertThat(gateway.logged("/quiet")).isEqualTo("GET /quiet 504 SI stream_idle_timeout");
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send("POST /unsent HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\n");
                assertThat(caller.read().brief()).isEqualTo("408 stream timeout");
            }
        }
    }

    @Test
    void closesConnectionsThatIdleTooLong() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, cluster("common_http_protocol_options: {idle_timeout: 0.05s}", up.port()));
            assertThat(get("/").brief()).isEqualTo("200 hello");
            await().until(() -> up.connected() == 0);
            assertThat(get("/").brief()).isEqualTo("200 hello");
        }
    }

    @Test
    void usesAConnectionNoMoreOftenThanItMay() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(
                    ALL, cluster("common_http_protocol_options: {max_requests_per_connection: 2}", up.port()));
            for (int i = 0; i < 6; i++) {
                assertThat(get("/").brief()).isEqualTo("200 hello");
            }
            assertThat(up.accepted()).isEqualTo(3);
        }
    }
}
