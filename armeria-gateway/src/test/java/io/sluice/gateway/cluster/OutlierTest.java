package io.sluice.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.ClusterSpec.Discovery;
import io.sluice.gateway.cluster.ClusterSpec.Protocol;
import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.cluster.health.HealthProbe;
import io.sluice.gateway.cluster.health.OutlierMonitor.Reason;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is taken out for doing worse, and when it comes back. The numbers are those of Envoy's outlier_detection_impl_test.cc and its docs. */
class OutlierTest {
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final VirtualTimer time = new VirtualTimer();
    private final ClusterSet clusters = new ClusterSet(
            (endpoint, policy, result) -> result.accept(HealthProbe.Result.PASSED),
            (host, result) -> result.accept(List.of()),
            time.executor(),
            time::nanos);

    private Cluster cluster(int size, OutlierPolicy policy) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (int port = 1; port <= size; port++) {
            endpoints.add(new Endpoint(
                    new InetSocketAddress(NetUtil.LOCALHOST4, port),
                    "",
                    1,
                    Locality.NONE,
                    0,
                    Endpoint.HealthStatus.HEALTHY));
        }
        ClusterSpec spec = new ClusterSpec(
                "up",
                new Discovery.Eds("up"),
                new Balancing(new LbPolicy.RoundRobin(), 0),
                Protocol.HTTP1,
                Connections.DEFAULT,
                Thresholds.DEFAULT,
                Thresholds.DEFAULT,
                List.of(),
                policy,
                HostRules.DEFAULT);
        clusters.update(
                List.of(spec), Map.of("up", new LoadAssignment(endpoints, LoadAssignment.DEFAULT_OVERPROVISIONING)));
        return Objects.requireNonNull(clusters.get("up"));
    }

    private static OutlierPolicy policy(
            OutlierPolicy.SuccessRate rate,
            OutlierPolicy.FailurePercentage percentage,
            OutlierPolicy.Ejection ejection,
            boolean splits) {
        return new OutlierPolicy(
                new OutlierPolicy.Consecutive(5, 100),
                new OutlierPolicy.Consecutive(5, 0),
                new OutlierPolicy.Consecutive(5, 100),
                rate,
                percentage,
                ejection,
                INTERVAL,
                splits);
    }

    private static final OutlierPolicy.SuccessRate RATE = new OutlierPolicy.SuccessRate(5, 100, 1900, 100, 100);
    private static final OutlierPolicy.FailurePercentage PERCENTAGE =
            new OutlierPolicy.FailurePercentage(5, 50, 85, 0, 0);

    private static OutlierPolicy.Ejection ejection(int maxPercent, boolean alwaysOne) {
        return new OutlierPolicy.Ejection(
                Duration.ofSeconds(30), Duration.ofSeconds(90), Duration.ZERO, maxPercent, alwaysOne, true);
    }

    private static LiveEndpoint at(Cluster cluster, int port) {
        return cluster.endpoints().stream()
                .filter(live -> live.endpoint().address().getPort() == port)
                .findFirst()
                .orElseThrow();
    }

    private static void answers(Cluster cluster, int port, int good, int bad) {
        // never five in a row
        for (int i = 0; i < Math.max(good, bad); i++) {
            if (i < bad) {
                cluster.answered(at(cluster, port), 500);
            }
            if (i < good) {
                cluster.answered(at(cluster, port), 200);
            }
        }
    }

    private static List<Integer> ejected(Cluster cluster) {
        return cluster.endpoints().stream()
                .filter(LiveEndpoint::isEjected)
                .map(live -> live.endpoint().address().getPort())
                .sorted()
                .toList();
    }

    /** Envoy's own example: {50, 100, 100, 100, 100} with 1.9 gives 52. */
    @ParameterizedTest(name = "{0} with {1}: {2}")
    @CsvSource({"50 100 100 100 100, 1.9, 52", "100 100 100, 1.9, 100", "0 100, 1, 0", "90 80 70, 0, 80"})
    void findsTheThreshold(String percents, double deviations, double threshold) {
        double[] numbers =
                Stream.of(percents.split(" ")).mapToDouble(Double::parseDouble).toArray();
        assertThat(OutlierDetector.threshold(numbers, deviations)).isCloseTo(threshold, within(0.001));
    }

    @ParameterizedTest(name = "{0} endpoints, {1} of 200 bad at the first: ejected {2}")
    @CsvSource(delimiter = '|', textBlock = """
        5 | 100 | [1]
        5 | 1   | [1]
        4 | 100 | []
        """)
    void ejectsWhoseSuccessRateIsLow(int size, int bad, String expected) {
        Cluster cluster = cluster(size, policy(RATE, PERCENTAGE, ejection(100, false), false));
        answers(cluster, 1, 200 - bad, bad);
        for (int port = 2; port <= size; port++) {
            answers(cluster, port, 200, 0);
        }
        time.advance(INTERVAL);
        assertThat(ejected(cluster)).hasToString(expected);
        assertThat(cluster.stats().enforced(Reason.SUCCESS_RATE).sum())
                .isEqualTo(ejected(cluster).size());
    }

    @Test
    void comparesOnlyThoseWithEnoughRequests() {
        Cluster cluster = cluster(5, policy(RATE, PERCENTAGE, ejection(100, false), false));
        answers(cluster, 1, 49, 50); // 99 of 100 that are needed
        for (int port = 2; port <= 5; port++) {
            answers(cluster, port, 200, 0);
        }
        time.advance(INTERVAL);
        assertThat(ejected(cluster)).isEmpty();
        time.advance(INTERVAL);
        assertThat(at(cluster, 1).successRate())
                .as("nothing in the interval after")
                .isEqualTo(-1);
    }

    @ParameterizedTest(name = "{1} of 100 bad at a threshold of {0}: {2}")
    @CsvSource({"85, 85, true", "85, 84, false", "50, 50, true", "100, 100, true"})
    void ejectsByFailurePercentage(int threshold, int bad, boolean out) {
        Cluster cluster = cluster(
                1,
                new OutlierPolicy(
                        new OutlierPolicy.Consecutive(0, 0),
                        new OutlierPolicy.Consecutive(0, 0),
                        new OutlierPolicy.Consecutive(0, 0),
                        RATE,
                        new OutlierPolicy.FailurePercentage(1, 50, threshold, 100, 0),
                        ejection(100, false),
                        INTERVAL,
                        false));
        answers(cluster, 1, 100 - bad, bad);
        time.advance(INTERVAL);
        assertThat(at(cluster, 1).isEjected()).isEqualTo(out);
        assertThat(at(cluster, 1).successRate()).isEqualTo(100 - bad);
    }

    @Test
    void countsFailuresOfThisSideApartWhereThatIsWanted() {
        Cluster cluster = cluster(1, policy(RATE, PERCENTAGE, ejection(100, false), true));
        for (int i = 0; i < 4; i++) {
            cluster.failed(at(cluster, 1), false);
            cluster.answered(at(cluster, 1), 500);
        }
        assertThat(ejected(cluster)).isEmpty();
        cluster.connected(at(cluster, 1));
        for (int i = 0; i < 4; i++) {
            cluster.failed(at(cluster, 1), true);
        }
        assertThat(ejected(cluster)).as("a connection began the count anew").isEmpty();
        cluster.failed(at(cluster, 1), false);
        assertThat(ejected(cluster)).containsExactly(1);
        assertThat(cluster.stats()
                        .enforced(Reason.CONSECUTIVE_LOCAL_ORIGIN_FAILURE)
                        .sum())
                .isEqualTo(1);
    }

    @ParameterizedTest(name = "of {0}, {1} percent, always one {2}: {3} may be out")
    @CsvSource({"3, 10, false, 0", "3, 10, true, 1", "10, 10, false, 1", "10, 25, false, 2", "4, 50, true, 2"})
    void ejectsAsManyAsMayBeOut(int size, int percent, boolean alwaysOne, int out) {
        Cluster cluster = cluster(size, policy(RATE, PERCENTAGE, ejection(percent, alwaysOne), false));
        for (int port = 1; port <= size; port++) {
            for (int i = 0; i < 5; i++) {
                cluster.answered(at(cluster, port), 500);
            }
        }
        assertThat(ejected(cluster)).hasSize(out);
        assertThat(cluster.stats().ejectionOverflows.sum()).isEqualTo(size - out);
    }

    @Test
    void keepsAwayLongerEachTimeUpToTheMostAndForgivesWithTime() {
        Cluster cluster = cluster(1, policy(RATE, PERCENTAGE, ejection(100, false), false));
        for (int seconds : new int[] {30, 60, 90, 90}) {
            for (int i = 0; i < 5; i++) {
                cluster.answered(at(cluster, 1), 500);
            }
            time.advance(Duration.ofSeconds(seconds - 1));
            assertThat(ejected(cluster)).as("before %d s", seconds).containsExactly(1);
            time.advance(INTERVAL);
            assertThat(ejected(cluster)).as("after %d s", seconds).isEmpty();
        }
        // four intervals of good conduct and the next time is the first again
        time.advance(INTERVAL.multipliedBy(5));
        for (int i = 0; i < 5; i++) {
            cluster.answered(at(cluster, 1), 500);
        }
        time.advance(Duration.ofSeconds(30).plus(INTERVAL));
        assertThat(ejected(cluster)).isEmpty();
    }
}
