package io.sluice.gateway.upstream;

import static io.sluice.gateway.rig.GatewayRig.cluster;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.cluster.breaker.Breakers;
import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.Http2Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The four limits of a cluster: what is beyond them is answered at once, what is within them waits or goes on. */
class BreakerTest {
    private static final String ALL = "{match: {prefix: /}, route: {cluster: up}}";
    private static final String OVERFLOW =
            "503 upstream connect error or disconnect/reset before headers. reset reason: overflow";
    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    private static String limits(String thresholds, int port, String... more) {
        return cluster("circuit_breakers: {thresholds: [{%s}]}%s".formatted(thresholds, String.join("", more)), port);
    }

    private static Breakers breakers() {
        return gateway.clusters().all().iterator().next().defaultBreakers();
    }

    private static Http1Peer ask(String path) {
        return Http1Peer.connect(gateway.port()).send("GET " + path + " HTTP/1.1\r\nhost: test\r\n\r\n");
    }

    /** Answers one request for each permit. */
    private static UpstreamRig waitingFor(Semaphore permits) {
        return new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            while (true) {
                peer.read();
                permits.acquire();
                peer.send(ok("hello"));
            }
        });
    }

    @Test
    void letsRequestsWaitForOneOfSoManyConnections() {
        Semaphore permits = new Semaphore(0);
        try (UpstreamRig up = waitingFor(permits)) {
            gateway.configure(ALL, limits("max_connections: 2, max_pending_requests: 3", up.port()));
            List<Http1Peer> callers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                callers.add(ask("/" + i));
                int asked = i + 1;
                await().until(() ->
                        breakers().requests().held() + breakers().pending().held() == asked);
            }
            await().until(() -> breakers().pending().held() == 3);
            try (Http1Peer sixth = ask("/sixth")) {
                Http1Peer.Message refused = sixth.read();
                assertThat(refused.brief()).isEqualTo(OVERFLOW);
                assertThat(refused.header("x-envoy-overloaded")).contains("true");
            }
            assertThat(gateway.logged("/sixth"))
                    .isEqualTo("GET /sixth 503 UO upstream_reset_before_response_started{overflow}");
            permits.release(5);
            for (Http1Peer caller : callers) {
                assertThat(caller.read().brief()).isEqualTo("200 hello");
                caller.close();
            }
            assertThat(up.accepted()).isEqualTo(2);
            await().until(() ->
                    breakers().requests().held() == 0 && breakers().pending().held() == 0);
        }
        await().until(() -> breakers().connections().held() == 0);
    }

    @Test
    void opensOnlySoManyConnectionsToEachEndpoint() {
        Semaphore permits = new Semaphore(0);
        try (UpstreamRig up = waitingFor(permits)) {
            gateway.configure(
                    ALL, cluster("circuit_breakers: {per_host_thresholds: [{max_connections: 1}]}", up.port()));
            List<Http1Peer> callers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                callers.add(ask("/" + i));
            }
            await().until(() -> breakers().pending().held() == 2);
            permits.release(3);
            for (Http1Peer caller : callers) {
                assertThat(caller.read().brief()).isEqualTo("200 hello");
                caller.close();
            }
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    /** Envoy's resource_manager_impl.h: the greater of a share of what is under way, and a minimum. */
    @ParameterizedTest(name = "{0} percent of {2}, at least {1}: {3}")
    @CsvSource({"20, 3, 0, 3", "20, 3, 10, 3", "20, 3, 20, 4", "20, 0, 4, 0", "50, 1, 9, 4", "100, 0, 7, 7"})
    void allowsRetriesByTheirBudget(double percent, int minimum, int requests, int retries) {
        Breakers breakers = new Breakers(new Thresholds(
                100, 100, 100, 0, new Thresholds.RetryBudget(percent, minimum), Integer.MAX_VALUE, false));
        for (int i = 0; i < requests; i++) {
            assertThat((i % 2 == 0 ? breakers.requests() : breakers.pending()).tryAcquire())
                    .isTrue();
        }
        int allowed = 0;
        while (breakers.retries().tryAcquire()) {
            allowed++;
        }
        assertThat(allowed).isEqualTo(retries);
    }

    @Test
    void refusesRequestsBeyondTheirNumber() {
        Semaphore permits = new Semaphore(0);
        try (UpstreamRig up = waitingFor(permits)) {
            gateway.configure(ALL, limits("max_requests: 1", up.port()));
            try (Http1Peer first = ask("/first")) {
                await().until(() -> breakers().requests().held() == 1);
                try (Http1Peer second = ask("/second")) {
                    assertThat(second.read().brief()).isEqualTo(OVERFLOW);
                }
                permits.release(2);
                assertThat(first.read().brief()).isEqualTo("200 hello");
                try (Http1Peer third = ask("/third")) {
                    assertThat(third.read().brief()).isEqualTo("200 hello");
                }
            }
        }
    }

    @Test
    void refusesStreamsBeyondTheirNumber() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            int first = peer.next(Http2Peer.HEADERS).stream();
            int second = peer.next(Http2Peer.HEADERS).stream();
            peer.next(Http2Peer.RST_STREAM);
            peer.headers(second, true, ":status: 204");
            assertThat(first).isLessThan(second);
            peer.next();
        })) {
            gateway.configure(ALL, limits("max_requests: 2", up.port(), ", " + GatewayRig.HTTP2));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, true, "GET", "/1").request(3, true, "GET", "/3");
                await().until(() -> breakers().requests().held() == 2);
                caller.request(5, true, "GET", "/5");
                assertThat(caller.read().brief()).isEqualTo(OVERFLOW);
                caller.reset(1, 8);
                assertThat(caller.read().brief()).isEqualTo("204");
            }
            await().until(() -> breakers().requests().held() == 0);
        }
    }

    @Test
    void refusesToWaitWhereNobodyMay() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, limits("max_pending_requests: 0", up.port()));
            try (Http1Peer caller = ask("/unconnected")) {
                assertThat(caller.read().brief()).isEqualTo(OVERFLOW);
            }
            assertThat(up.accepted()).isZero();
        }
    }

    @Test
    void countsEachRoutingPriorityForItself() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(
                    "{match: {prefix: /high}, route: {cluster: up, priority: HIGH}}, " + ALL,
                    limits("max_requests: 0}, {priority: HIGH, max_requests: 1", up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/low").brief()).isEqualTo(OVERFLOW);
                assertThat(caller.get("/high").brief()).isEqualTo("200 hello");
                assertThat(caller.get("/low").brief()).isEqualTo(OVERFLOW);
            }
        }
    }

    @Test
    void opensAConnectionWhereThereIsNone() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, limits("max_connections: 0", up.port()));
            try (Http1Peer caller = ask("/")) {
                assertThat(caller.read().brief()).isEqualTo("200 hello");
            }
        }
    }

    @Test
    void retriesNoMoreThanItMay() {
        try (UpstreamRig up =
                UpstreamRig.answeringInTurn("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", ok("never"))) {
            gateway.configure(
                    "{match: {prefix: /}, route: {cluster: up, retry_policy: {retry_on: 5xx, num_retries: 3}}}",
                    limits("max_retries: 0", up.port()));
            try (Http1Peer caller = ask("/unretried")) {
                assertThat(caller.read().status()).isEqualTo(503);
            }
            assertThat(up.waitingRequests()).isEqualTo(1);
            assertThat(gateway.logged("/unretried")).startsWith("GET /unretried 503 UO ");
        }
    }
}
