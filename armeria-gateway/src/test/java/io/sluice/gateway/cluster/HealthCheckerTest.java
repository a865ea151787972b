package io.sluice.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.health.HealthCheckPolicy;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Intervals;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Kind;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Payload;
import io.sluice.gateway.cluster.health.HealthChecker;
import io.sluice.gateway.cluster.health.HealthProbe.Result;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When an endpoint's state changes, and when it is checked again. Source of the rows: Envoy's health_check.proto and health_checker_base_impl.cc. */
class HealthCheckerTest {
    private static final Endpoint ENDPOINT = new Endpoint(
            new InetSocketAddress(NetUtil.LOCALHOST4, 1), "", 1, Locality.NONE, 0, Endpoint.HealthStatus.HEALTHY);

    private final VirtualTimer time = new VirtualTimer();

    private static HealthCheckPolicy policy(int unhealthy, int healthy) {
        Intervals intervals = new Intervals(
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofSeconds(60),
                Duration.ofSeconds(50),
                Duration.ofSeconds(3),
                Duration.ofSeconds(4),
                Duration.ZERO,
                Duration.ZERO,
                0);
        return new HealthCheckPolicy(
                new Kind.Tcp(Payload.NONE, List.of()), Duration.ofSeconds(1), intervals, unhealthy, healthy, 0, true);
    }

    /** {@code +} passes, {@code -} is silent, {@code x} is refused: what the endpoint counts as after each, and how long until the next. */
    @ParameterizedTest(name = "{0} with {1} to fail and {2} to pass: {3}, after {4}")
    @CsvSource(delimiter = '|', textBlock = """
        # the first result decides
        +         | 3 | 2 | +         | 1
        -         | 3 | 2 | -         | 2
        x         | 3 | 2 | -         | 2
        # thresholds, each with its edge interval
        + - - - - | 3 | 2 | + + + - - | 1 4 4 2 2
        - + + +   | 3 | 2 | - - + +   | 2 3 1 1
        # one of the other kind begins the count anew
        + - - + - | 3 | 2 | + + + + + | 1 4 4 1 4
        # refused: at once
        + x + +   | 3 | 2 | + - - +   | 1 2 3 1
        """)
    void changes(String results, int unhealthy, int healthy, String states, String intervals) {
        List<String> seen = new ArrayList<>();
        List<Long> times = new ArrayList<>();
        List<String> left =
                new ArrayList<>(Stream.of(results.strip().split(" ")).toList());
        HealthChecker checker = new HealthChecker(
                () -> ENDPOINT,
                policy(unhealthy, healthy),
                (endpoint, policy, result) -> {
                    times.add(time.nanos());
                    if (!left.isEmpty()) {
                        result.accept(
                                switch (left.removeFirst()) {
                                    case "+" -> Result.PASSED;
                                    case "x" -> Result.REFUSED;
                                    default -> Result.SILENT;
                                });
                    }
                },
                () -> true,
                (passing, result) -> seen.add(passing ? "+" : "-"),
                time.executor());
        checker.start();
        time.advance(Duration.ofMinutes(5));
        assertThat(String.join(" ", seen)).isEqualTo(states.strip());
        List<String> waits = new ArrayList<>();
        for (int i = 1; i < times.size(); i++) {
            waits.add(String.valueOf(
                    Duration.ofNanos(times.get(i) - times.get(i - 1)).toSeconds()));
        }
        assertThat(String.join(" ", waits)).isEqualTo(intervals.strip());
        checker.close();
    }

    @ParameterizedTest(name = "without traffic an endpoint whose checks end in {0} waits {1} s")
    @CsvSource({"PASSED, 50", "SILENT, 60"})
    void waitsLongerWithoutTraffic(Result result, int seconds) {
        List<Long> times = new ArrayList<>();
        HealthChecker checker = new HealthChecker(
                () -> ENDPOINT,
                policy(1, 1),
                (endpoint, policy, each) -> {
                    times.add(time.nanos());
                    each.accept(result);
                },
                () -> false,
                (passing, each) -> {},
                time.executor());
        checker.start();
        time.advance(Duration.ofSeconds(seconds));
        assertThat(times).hasSize(2);
        checker.close();
        time.advance(Duration.ofMinutes(10));
        assertThat(times).as("closed").hasSize(2);
    }

    @Test
    void takesTheThresholdBackFromOneThatFailedByItsOwnWord() {
        List<String> seen = new ArrayList<>();
        HealthChecker checker = new HealthChecker(
                () -> ENDPOINT,
                policy(1, 2),
                (endpoint, policy, each) -> each.accept(Result.PASSED),
                () -> true,
                (passing, each) -> seen.add(passing ? "+" : "-"),
                time.executor());
        checker.start();
        checker.failed();
        time.advance(Duration.ofSeconds(5));
        assertThat(seen).containsExactly("+", "-", "+", "+");
        checker.close();
    }
}
