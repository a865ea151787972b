package io.sluice.loadtests.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.RealParts;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That it measures everything; how fast is said by ./sluice bench, never asserted. */
class BenchTest {
    private static final List<String> ALL = List.of("gateway", "envoy", "nginx");
    private static final List<String> ON_XDS = List.of("gateway", "envoy");

    @Test
    void theTableHasEveryRowWithPlausibleValues(@TempDir Path folder) throws Exception {
        RealParts.require(Part.ENVOY, Part.NGINX, Part.CONSUL);
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Bench bench = new Bench(Plan.QUICK, new PrintStream(printed, true, StandardCharsets.UTF_8));
        Path file = bench.run(folder);
        String text = Files.readString(file);
        JsonNode json = new ObjectMapper()
                .readTree(Path.of(file.toString().replace(".txt", ".json")).toFile());

        assertThat(bench.failures()).as(text).isZero();
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains(text);
        List<String> rows = new ArrayList<>();
        for (JsonNode row : json.get("rows")) {
            String what = row.get("what").asText();
            rows.add(what);
            assertThat(text).contains(what);
            for (String proxy : measured(what)) {
                assertThat(row.get(proxy).get("median").asDouble())
                        .as(what + " of " + proxy)
                        // the kernel counts CPU in hundredths of a second: few requests may cost nothing
                        .isBetween(what.startsWith("CPU") ? 0 : 0.001, 1e6);
            }
        }
        assertThat(rows)
                .containsExactly(
                        "start → first proxied request",
                        "memory (RSS) idle",
                        "CPU per request, HTTP/1, 100 B",
                        "CPU per request, HTTP/1, 10 KiB",
                        "CPU per request, HTTP/2 in, 100 B",
                        "requests per second, HTTP/1, 100 B",
                        "requests per second, HTTP/1, 10 KiB",
                        "requests per second, HTTP/2 in, 100 B",
                        "p99 at 200/s, HTTP/1, 100 B",
                        "p99 at 200/s, HTTP/2 in, 100 B",
                        "memory (RSS) under load",
                        "allocated per request, HTTP/1, 100 B",
                        "allocated per request, HTTP/1, 10 KiB",
                        "allocated per request, HTTP/2 in, 100 B",
                        "CPU per request, JWT, RBAC, local limit",
                        "CPU per request, 10,000 routes",
                        "CPU with 10,000 routes to CPU with 10",
                        "registration → first routed request, p50",
                        "registration → first routed request, p90",
                        "registration → first routed request, p99");
    }

    private static List<String> measured(String what) {
        if (what.startsWith("allocated")) {
            return List.of("gateway");
        }
        return what.startsWith("registration") || what.contains("routes") || what.contains("JWT") ? ON_XDS : ALL;
    }

    @Test
    void theCallerSeesEveryAnswerAndEveryFailure() throws Exception {
        try (Upstream upstream = Upstream.own();
                Load load = new Http1Load()) {
            Load.Round good = load.run(upstream.port(), Upstream.BIG, 4, Duration.ofMillis(200), 0);
            assertThat(good.requests()).isPositive().isEqualTo(good.latencies().count());
            assertThat(good.failures()).isZero();
            Load.Round bad = load.run(upstream.port(), "/absent", 4, Duration.ofMillis(200), 0);
            assertThat(bad.failures()).isPositive().isEqualTo(bad.requests());
        }
    }

    @Test
    void thePacedCallerKeepsItsPace() throws Exception {
        try (Upstream upstream = Upstream.own();
                Load load = new Http1Load()) {
            Load.Round round = load.run(upstream.port(), Upstream.SMALL, 4, Duration.ofMillis(500), 100);
            // what was due by then; a slow machine may be late, nothing may be early
            assertThat(round.requests()).isPositive();
            assertThat(round.requests()).isLessThanOrEqualTo(100 * round.took().toMillis() / 1_000 + 4);
        }
    }
}
