package io.sluice.loadtests.load;

import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Envoy;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RecordedRequest;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.StaticBootstrap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** The programs under load. */
record Site(int gatewayPort, Optional<Integer> envoyPort, Deque<AutoCloseable> open) implements AutoCloseable {
    private static final String LARGE = "x".repeat(64 * 1024);

    static Site start() {
        Deque<AutoCloseable> open = new ArrayDeque<>();
        AtomicInteger flaky = new AtomicInteger();
        RecordingUpstream upstream = RecordingUpstream.http1(request -> answer(request, flaky));
        open.push(upstream);
        int gatewayPort = Ports.free();
        int gatewayAdmin = Ports.free();
        open.push(Gateway.start(bootstrap(gatewayPort, gatewayAdmin, upstream.port()), gatewayAdmin, Map.of()));
        if (Part.ENVOY.find().isEmpty()) {
            return new Site(gatewayPort, Optional.empty(), open);
        }
        int envoyPort = Ports.free();
        int envoyAdmin = Ports.free();
        open.push(Envoy.start(bootstrap(envoyPort, envoyAdmin, upstream.port()), envoyAdmin));
        return new Site(gatewayPort, Optional.of(envoyPort), open);
    }

    /** Every third request to /flaky fails, so that two tries in turn never both do. */
    private static Answer answer(RecordedRequest request, AtomicInteger flaky) {
        if (request.path().equals("/flaky") && flaky.incrementAndGet() % 3 == 0) {
            return reply(503, "not now");
        }
        return reply(200, request.path().equals("/large") ? LARGE : "ok");
    }

    private static Answer reply(int status, String body) {
        return new Answer.Reply(status, Headers.NONE, List.of(Bytes.utf8(body)), Headers.NONE, List.of());
    }

    private static Path bootstrap(int port, int adminPort, int upstreamPort) {
        try {
            return StaticBootstrap.to(upstreamPort)
                    .on(port, adminPort)
                    .routes("""
                        - match: {path: /flaky}
                          route: {cluster: up, retry_policy: {retry_on: retriable-status-codes, retriable_status_codes: [503], num_retries: 5}}
                        - {match: {prefix: /}, route: {cluster: up}}
                        """)
                    // the default, 3 retries at a time, is for a cluster that is in trouble; here retrying is the rule
                    .cluster(
                            "circuit_breakers: {thresholds: [{max_retries: 1000, max_connections: 10000, max_pending_requests: 10000, max_requests: 10000}]}")
                    .write(Files.createTempDirectory("sluice-load"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("not stopped cleanly", e);
            }
        }
    }
}
