package io.sluice.gateway.listener;

import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.listener.Overload.Level;
import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.Http2Peer;
import io.sluice.gateway.rig.UpstreamRig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is shed while memory or connections run out, and that it comes back. */
class OverloadTest {
    private static final String ALL = "{match: {prefix: /}, route: {cluster: up}}";
    private final GatewayRig gateway = GatewayRig.start();

    @AfterEach
    void close() {
        gateway.close();
    }

    @ParameterizedTest
    @CsvSource({
        "0.00, NONE",
        "0.84, NONE",
        "0.85, STOP_REQUESTS",
        "0.92, CLOSE_IDLE",
        "0.97, STOP_CONNECTIONS",
        "1.2, STOP_CONNECTIONS"
    })
    void eachLevelHasItsShareOfMemory(double share, Level level) {
        Overload overload = new Overload(1, () -> share, new SimpleMeterRegistry());
        overload.look();
        assertThat(overload.level()).isEqualTo(level);
    }

    @Test
    void takesNoMoreConnectionsThanItMay() {
        Overload overload = new Overload(2, () -> 0, new SimpleMeterRegistry());
        assertThat(overload.connected()).isTrue();
        assertThat(overload.connected()).isTrue();
        assertThat(overload.connected()).isFalse();
        overload.disconnected();
        assertThat(overload.connected()).isTrue();
        assertThat(overload.connections()).isEqualTo(2);
    }

    @Test
    void answersByItselfWhileMemoryIsShort() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port());
                    Http2Peer other = Http2Peer.connect(gateway.port())) {
                gateway.memory(0.9);
                assertThat(caller.get("/shed").brief()).isEqualTo("503 envoy overloaded");
                other.request(1, true, "GET", "/shed2");
                assertThat(other.read().brief()).isEqualTo("503 envoy overloaded");
                assertThat(up.waitingRequests()).isZero();
                gateway.memory(0.5);
                assertThat(caller.get("/again").brief()).isEqualTo("200 hello");
            }
            assertThat(gateway.logged("/shed")).isEqualTo("GET /shed 503 OM overload");
        }
    }

    @Test
    void letsGoOfIdleConnectionsWhenItGetsWorse() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer idle = Http1Peer.connect(gateway.port())) {
                assertThat(idle.get("/").status()).isEqualTo(200);
                gateway.memory(0.93);
                assertThat(idle.atEnd()).isTrue();
            }
            try (Http1Peer next = Http1Peer.connect(gateway.port())) {
                Http1Peer.Message answer = next.get("/");
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.header("connection")).contains("close");
                assertThat(next.atEnd()).isTrue();
            }
        }
    }

    @Test
    void takesNoConnectionWhenNothingIsLeft() {
        gateway.configure(ALL, http1(1));
        gateway.memory(0.99);
        try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
            assertThat(caller.atEnd()).isTrue();
        }
        gateway.memory(0);
        await().untilAsserted(() -> {
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/").status()).isEqualTo(503); // no upstream
            }
        });
    }
}
