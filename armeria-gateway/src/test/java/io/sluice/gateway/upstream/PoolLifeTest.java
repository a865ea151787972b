package io.sluice.gateway.upstream;

import static io.sluice.gateway.rig.GatewayRig.cluster;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.Http2Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** How long connections to upstreams live, and how many there are. */
class PoolLifeTest {
    private static final String ALL = "{match: {prefix: /}, route: {cluster: up}}";
    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    private static String http1(String common) {
        return options(common, "http_protocol_options: {}");
    }

    private static String http2(String common, String options) {
        return options(common, "http2_protocol_options: {%s}".formatted(options));
    }

    private static String options(String common, String explicit) {
        return """
            typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {"@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, common_http_protocol_options: {%s}, explicit_http_config: {%s}}}
            """.formatted(common, explicit).strip();
    }

    private static int open() {
        return gateway.clusters()
                .all()
                .iterator()
                .next()
                .defaultBreakers()
                .connections()
                .held();
    }

    private static String get(String path) {
        try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
            return caller.send("GET " + path + " HTTP/1.1\r\nhost: test\r\n\r\n")
                    .read()
                    .brief();
        }
    }

    /** Answers every request with 204, and PINGs. */
    private static UpstreamRig answeringHttp2(AtomicInteger pings) {
        return new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            while (true) {
                Http2Peer.Frame frame = peer.next(Http2Peer.HEADERS, Http2Peer.PING);
                if (frame.type() == Http2Peer.PING) {
                    pings.incrementAndGet();
                } else {
                    peer.headers(frame.stream(), true, ":status: 204");
                }
            }
        });
    }

    @Test
    void endsAConnectionThatIsOldEnough() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, cluster(http1("max_connection_duration: 0.3s"), up.port()));
            assertThat(get("/1")).isEqualTo("200 hello");
            await().until(() -> open() == 0);
            assertThat(get("/2")).isEqualTo("200 hello");
            assertThat(up.accepted()).isEqualTo(2);
        }
    }

    @Test
    void endsAnHttp2ConnectionThatNobodyUses() {
        try (UpstreamRig up = answeringHttp2(new AtomicInteger())) {
            gateway.configure(ALL, cluster(http2("idle_timeout: 0.3s", ""), up.port()));
            assertThat(get("/1")).isEqualTo("204");
            await().until(() -> open() == 0);
            assertThat(get("/2")).isEqualTo("204");
            assertThat(up.accepted()).isEqualTo(2);
        }
    }

    @Test
    void opensAnotherHttp2ConnectionWhenOneIsFull() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            while (true) {
                peer.next(Http2Peer.HEADERS); // and never an answer
            }
        })) {
            gateway.configure(ALL, cluster(http2("", "max_concurrent_streams: 2"), up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                for (int stream = 1; stream <= 9; stream += 2) {
                    caller.request(stream, true, "GET", "/" + stream);
                }
                await().until(() -> open() == 3);
            }
        }
    }

    @Test
    void endsAConnectionWhosePeerDoesNotAnswerAPing() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            peer.headers(peer.next(Http2Peer.HEADERS).stream(), true, ":status: 204");
            while (socket.getInputStream().read() >= 0) {
                // PINGs are read, and not answered
            }
        })) {
            gateway.configure(
                    ALL,
                    cluster(
                            http2(
                                    "",
                                    "connection_keepalive: {interval: 0.2s, timeout: 0.2s, interval_jitter: {value:"
                                            + " 0}}"),
                            up.port()));
            assertThat(get("/1")).isEqualTo("204");
            await().until(() -> open() == 0);
        }
    }

    @Test
    void keepsAConnectionWhosePeerAnswersPings() {
        AtomicInteger pings = new AtomicInteger();
        try (UpstreamRig up = answeringHttp2(pings)) {
            gateway.configure(
                    ALL,
                    cluster(
                            http2(
                                    "",
                                    "connection_keepalive: {interval: 0.1s, timeout: 10s, interval_jitter: {value:"
                                            + " 0}}"),
                            up.port()));
            assertThat(get("/1")).isEqualTo("204");
            await().until(() -> pings.get() >= 3);
            assertThat(get("/2")).isEqualTo("204");
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @Test
    void asksAPeerThatWasNotHeardForLongBeforeARequestGoesOut() {
        AtomicInteger pings = new AtomicInteger();
        try (UpstreamRig up = answeringHttp2(pings)) {
            gateway.configure(
                    ALL,
                    cluster(
                            http2("", "connection_keepalive: {timeout: 60s, connection_idle_interval: 0.001s}"),
                            up.port()));
            assertThat(get("/1")).isEqualTo("204");
            assertThat(get("/2")).isEqualTo("204");
            await().until(() -> pings.get() == 1);
        }
    }
}
