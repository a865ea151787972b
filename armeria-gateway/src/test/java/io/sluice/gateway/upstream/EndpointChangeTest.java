package io.sluice.gateway.upstream;

import static io.sluice.gateway.rig.GatewayRig.cluster;
import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.Http2Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.io.UncheckedIOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Endpoints come and go while requests are under way. */
class EndpointChangeTest {
    private static final String ALL = "{match: {prefix: /}, route: {cluster: up, timeout: 0s}}";
    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    private static UpstreamRig http2Answering() {
        return new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            while (true) {
                int stream = peer.next(Http2Peer.HEADERS).stream();
                peer.headers(stream, false, ":status: 200").data(stream, true, "hello");
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1", "HTTP/2"})
    void loseNoRequest(String protocol) throws Exception {
        boolean http2 = protocol.equals("HTTP/2");
        String options = http2 ? GatewayRig.HTTP2 : "";
        try (UpstreamRig one = http2 ? http2Answering() : UpstreamRig.answering(ok("hello"));
                UpstreamRig two = http2 ? http2Answering() : UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, cluster(options, one.port(), two.port()));
            int port = gateway.port();
            AtomicBoolean running = new AtomicBoolean(true);
            AtomicInteger failed = new AtomicInteger();
            CountDownLatch over = new CountDownLatch(4);
            for (int i = 0; i < 4; i++) {
                Thread.ofVirtual().start(() -> {
                    try (Http1Peer caller = Http1Peer.connect(port)) {
                        while (running.get()) {
                            failed.addAndGet(caller.get("/").status() == 200 ? 0 : 1);
                        }
                    } catch (UncheckedIOException e) {
                        failed.incrementAndGet();
                    } finally {
                        over.countDown();
                    }
                });
            }
            for (int i = 0; i < 20; i++) {
                gateway.configure(ALL, cluster(options, one.port()));
                gateway.configure(ALL, cluster(options, two.port()));
                gateway.configure(ALL, cluster(options, one.port(), two.port()));
            }
            running.set(false);
            assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(failed).hasValue(0);
            gateway.configure(ALL, cluster(options, two.port()));
            await().until(() -> one.connected() == 0);
        }
    }

    @Test
    void letARequestFinishOnAnEndpointThatIsGone() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        Semaphore permits = new Semaphore(0);
        try (UpstreamRig old = new UpstreamRig(socket -> {
                    Http1Peer peer = new Http1Peer(socket);
                    peer.read();
                    asked.countDown();
                    permits.acquire();
                    peer.send(ok("old"));
                    peer.atEnd();
                });
                UpstreamRig next = UpstreamRig.answering(ok("next"))) {
            gateway.configure(ALL, http1(old.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send("GET / HTTP/1.1\r\nhost: test\r\n\r\n");
                assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
                gateway.configure(ALL, http1(next.port()));
                try (Http1Peer other = Http1Peer.connect(gateway.port())) {
                    assertThat(other.get("/").brief()).isEqualTo("200 next");
                }
                permits.release();
                assertThat(caller.read().brief()).isEqualTo("200 old");
                assertThat(caller.get("/").brief()).isEqualTo("200 next");
            }
            await().until(() -> old.connected() == 0);
        }
    }

    @Test
    void areCheckedOverConnectionsOfTheirOwn() {
        AtomicBoolean healthy = new AtomicBoolean(true);
        try (UpstreamRig one = new UpstreamRig(socket -> {
                    Http1Peer peer = new Http1Peer(socket);
                    while (true) {
                        Http1Peer.Message asked = peer.read();
                        boolean check = asked.start().equals("GET /health HTTP/1.1");
                        assertThat(check)
                                .isEqualTo(asked.header("user-agent").orElse("").equals("Envoy/HC"));
                        peer.send(check && !healthy.get() ? "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n" : ok("one"));
                    }
                });
                UpstreamRig two = UpstreamRig.answering(ok("two"))) {
            gateway.configure(
                    ALL,
                    cluster(
                            "common_lb_config: {healthy_panic_threshold: {value: 0}}, health_checks: [{timeout: 1s, interval: 0.02s, "
                                    + "no_traffic_interval: 0.02s, unhealthy_threshold: 3, healthy_threshold: 1, http_health_check: {path: /health}}]",
                            one.port(),
                            two.port()));
            await().until(() -> answers(20).equals("one two"));
            healthy.set(false);
            await().until(() -> answers(20).equals("two"));
            healthy.set(true);
            await().until(() -> answers(20).equals("one two"));
        }
    }

    private static String answers(int requests) {
        var bodies = new java.util.TreeSet<String>();
        try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
            for (int i = 0; i < requests; i++) {
                bodies.add(caller.get("/").body());
            }
        }
        return String.join(" ", bodies);
    }

    @Test
    void areLeftAloneAfterFailuresInARow() {
        try (UpstreamRig bad = UpstreamRig.answering("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
                UpstreamRig good = UpstreamRig.answering(ok("good"))) {
            gateway.configure(
                    ALL,
                    cluster(
                            "outlier_detection: {consecutive_5xx: 3, interval: 1s, base_ejection_time: 100s, max_ejection_percent: 50}",
                            bad.port(),
                            good.port()));
            assertThat(answers(20)).contains("good");
            assertThat(bad.waitingRequests()).isEqualTo(3);
            assertThat(answers(20)).isEqualTo("good");
        }
    }
}
