package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.StaticBootstrap;
import io.sluice.loadtests.harness.Traffic;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A trace collector that refuses spans, and takes them again, costs no request. Rule: under load none fails; the gateway says once that spans are
 * dropped and once that they are taken again, and {@code tracing_collector_away} says which of both holds.
 */
class CollectorAwayScenario {
    @Test
    void aCollectorThatIsAwayCostsSpansOnly(@TempDir Path folder) throws IOException {
        AtomicInteger status = new AtomicInteger(202);
        int port = Ports.free();
        int admin = Ports.free();
        try (RecordingUpstream upstream = Upstreams.named("up");
                RecordingUpstream collector = RecordingUpstream.http1(request -> new Answer.Reply(
                        status.get(), Headers.of("content-length", "0"), List.of(), Headers.NONE, List.of()));
                Gateway gateway = Gateway.start(
                        StaticBootstrap.to(upstream.port()).on(port, admin).write(folder),
                        admin,
                        Map.of("SLUICE_ZIPKIN_URL", "http://127.0.0.1:" + collector.port() + "/api/v2/spans"));
                Traffic traffic = Traffic.http1(port, "/", 100)) {
            awaitMetric(admin, "tracing_spans_reported_total", 1);
            status.set(503);
            awaitMetric(admin, "tracing_collector_away", 1);
            traffic.awaitMore(50);
            status.set(202);
            awaitMetric(admin, "tracing_collector_away", 0);
            traffic.awaitMore(50);
            assertThat(traffic.stop().failures()).isEmpty();
            assertThat(metric(admin, "tracing_spans_dropped_total")).isPositive();
            assertThat(gateway.process().output())
                    .containsOnlyOnce("spans are dropped collector=")
                    .containsOnlyOnce("spans are taken again collector=");
        }
    }

    private static void awaitMetric(int admin, String name, double value) {
        Site.await(
                () -> name + " becomes " + value + " in\n"
                        + Site.get(admin, "/metrics").text(),
                () -> name.endsWith("_total") ? metric(admin, name) >= value : metric(admin, name) == value);
    }

    private static double metric(int admin, String name) {
        return Site.get(admin, "/metrics")
                .text()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }
}
