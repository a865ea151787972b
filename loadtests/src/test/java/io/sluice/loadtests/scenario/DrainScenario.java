package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.Bytes;
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
 * connections idle and busy, none fails while each of two gateways is stopped by SIGTERM and started again, twice where nothing is said,
 * {@code -Drestarts=20} times in all for the long run; a gateway that drains says so on {@code /ready} and ends with code 0 well before its drain
 * time; gRPC streams and WebSockets get the drain time, then the end.
 */
class DrainScenario {
    private static final int RESTARTS = Integer.getInteger("restarts", 4);
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

    /** What goes on for long goes on while the drain lasts, and is cut off when it is over. */
    @Test
    void streamsAndWebSocketsGetTheDrainTimeThenTheEnd(@TempDir Path folder) throws IOException {
        try (RecordingUpstream grpc = RecordingUpstream.http2(request -> new Answer.GrpcEcho());
                RecordingUpstream webSocket = RecordingUpstream.http1(request -> new Answer.WebSocketEcho())) {
            StaticBootstrap bootstrap = StaticBootstrap.to(webSocket.port())
                    .manager("upgrade_configs: [{upgrade_type: websocket}]")
                    .routes("""
                        - {match: {prefix: /grpc}, route: {cluster: grpc, timeout: 0s}}
                        - {match: {prefix: /}, route: {cluster: up, timeout: 0s}}
                        """)
                    .cluster("grpc", grpc.port(), StaticBootstrap.HTTP2);
            try (Gateway gateway = Gateway.start(
                            bootstrap.write(folder), bootstrap.adminPort(), Map.of("SLUICE_DRAIN_TIME", "3s"));
                    Http2Client caller = Http2Client.connect(bootstrap.port());
                    Http1Client socket = Http1Client.connect(bootstrap.port())) {
                Http2Client.Call call = caller.open(
                        Headers.of(
                                ":method",
                                "POST",
                                ":scheme",
                                "http",
                                ":authority",
                                "a",
                                ":path",
                                "/grpc/Echo",
                                "content-type",
                                "application/grpc",
                                "te",
                                "trailers"),
                        false);
                Bytes message = Bytes.copyOf(new byte[] {0, 0, 0, 0, 1, 'x'});
                call.data(message, false);
                assertThat(call.awaitBody(6, Duration.ofSeconds(10))).isTrue();
                socket.send("""
                    GET /ws HTTP/1.1\r
                    host: a\r
                    connection: Upgrade\r
                    upgrade: websocket\r
                    sec-websocket-version: 13\r
                    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r
                    \r
                    """);
                assertThat(socket.read("GET", Duration.ofSeconds(10)).status()).isEqualTo(101);
                byte[] frame = {(byte) 0x81, (byte) 0x81, 0, 0, 0, 0, 'x'};
                socket.send(frame);
                assertThat(socket.readBytes(3, Duration.ofSeconds(10))).endsWith('x');

                gateway.process().terminate();
                Awaitility.await().until(() -> !caller.takesCalls());
                call.data(message, false);
                assertThat(call.awaitBody(12, Duration.ofSeconds(10)))
                        .as("a stream goes on while the drain lasts")
                        .isTrue();
                socket.send(frame);
                assertThat(socket.readBytes(3, Duration.ofSeconds(10))).endsWith('x');

                assertThat(call.read(Duration.ofSeconds(10)).end()).isEqualTo(Response.End.RESET);
                assertThat(socket.endsWithin(Duration.ofSeconds(10))).isTrue();
                assertThat(gateway.process().awaitExit(Duration.ofSeconds(10))).isZero();
            }
        }
    }

    private static Gateway start(Path folder, int port, RecordingUpstream upstream) throws IOException {
        int adminPort = Ports.free();
        return Gateway.start(
                StaticBootstrap.to(upstream.port()).on(port, adminPort).write(folder), adminPort, DRAIN);
    }
}
