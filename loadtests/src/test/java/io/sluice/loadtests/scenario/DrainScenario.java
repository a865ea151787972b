package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Http2Client;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.Probe;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Response;
import io.sluice.loadtests.harness.StaticBootstrap;
import io.sluice.loadtests.harness.Traffic;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A gateway that is told to stop loses no request. Rule: of all requests sent by callers that honour {@code connection: close} and GOAWAY, over
 * connections idle and busy, none fails while each of two gateways is stopped by SIGTERM and started again; a gateway that
 * drains says so on {@code /ready} and ends with code 0 well before its drain time.
 */
class DrainScenario {
    private static final int RESTARTS = 2;
    private static final Map<String, String> DRAIN = Map.of("SLUICE_DRAIN_TIME", "10s");

    @Test
    void aRollingRestartOfTwoGatewaysLosesNoRequest(@TempDir Path folder) throws IOException {
        List<Integer> ports = List.of(Ports.free(), Ports.free());
        List<Gateway> gateways = new ArrayList<>();
        try (RecordingUpstream upstream = Upstreams.named("up")) {
            for (int port : ports) {
                gateways.add(start(folder, port, upstream));
            }
            try (Traffic one = Traffic.http1(ports, "/", 100);
                    Traffic two = Traffic.http2(ports, "/", 100)) {
                one.awaitMore(50);
                two.awaitMore(50);
                for (int round = 0; round < RESTARTS; round++) {
                    int which = round % 2;
                    gateways.get(which).close();
                    one.awaitMore(20);
                    two.awaitMore(20);
                    gateways.set(which, start(folder, ports.get(which), upstream));
                }
                Traffic.Outcome overOne = one.stop();
                Traffic.Outcome overTwo = two.stop();
                assertThat(overOne.failures()).isEmpty();
                assertThat(overTwo.failures()).isEmpty();
                assertThat(upstream.count())
                        .as("each request reached the upstream once")
                        .isEqualTo(overOne.answered() + overTwo.answered());
            }
        } finally {
            gateways.forEach(Gateway::close);
        }
    }

    @Test
    void whatIsUnderWayIsAnsweredAndIdleConnectionsAreToldToGo(@TempDir Path folder) throws IOException {
        int port = Ports.free();
        try (RecordingUpstream upstream = Upstreams.slow("up", Duration.ofMillis(800));
                Gateway gateway = start(folder, port, upstream);
                Http1Client busy = Http1Client.connect(port);
                Http1Client idle = Http1Client.connect(port);
                Http2Client idleTwo = Http2Client.connect(port)) {
            Headers get = Headers.of(":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/");
            idle.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            Http2Client.Call first = idleTwo.open(get, true);
            assertThat(idle.read("GET", Duration.ofSeconds(10)).status()).isEqualTo(200);
            assertThat(first.read(Duration.ofSeconds(10)).status()).isEqualTo(200);

            busy.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            Http2Client.Call busyTwo = idleTwo.open(get, true);
            Awaitility.await().until(() -> upstream.count() == 4);
            gateway.process().terminate();
            Awaitility.await().until(() -> !idleTwo.takesCalls());
            assertThat(Probe.ok(gateway.adminPort(), "/ready")).isFalse();
            idle.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");

            for (Response last :
                    List.of(busy.read("GET", Duration.ofSeconds(10)), idle.read("GET", Duration.ofSeconds(10)))) {
                assertThat(last.status()).isEqualTo(200);
                assertThat(last.headers().get("connection")).contains("close");
            }
            assertThat(busyTwo.read(Duration.ofSeconds(10)).status()).isEqualTo(200);
            assertThat(gateway.process().awaitExit(Duration.ofSeconds(8))).isZero();
        }
    }

    private static Gateway start(Path folder, int port, RecordingUpstream upstream) throws IOException {
        int adminPort = Ports.free();
        return Gateway.start(
                StaticBootstrap.to(upstream.port()).on(port, adminPort).write(folder), adminPort, DRAIN);
    }
}
