package io.sluice.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.ClusterSpec.Discovery;
import io.sluice.gateway.cluster.ClusterSpec.Protocol;
import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.cluster.health.HealthCheckPolicy;
import io.sluice.gateway.cluster.health.HealthProbe;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is known of endpoints, from checks and from answers, decides who is asked. Time moves when told. */
class ClusterTest {
    private static final OutlierPolicy OUTLIERS = outliers(5, 100, 0, Duration.ofSeconds(30), 10);

    private static OutlierPolicy outliers(
            int consecutive, int enforce, int enforceGateway, Duration base, int maxPercent) {
        return new OutlierPolicy(
                new OutlierPolicy.Consecutive(consecutive, enforce),
                new OutlierPolicy.Consecutive(5, enforceGateway),
                new OutlierPolicy.Consecutive(5, 100),
                new OutlierPolicy.SuccessRate(5, 100, 1900, 100, 100),
                new OutlierPolicy.FailurePercentage(5, 50, 85, 0, 0),
                new OutlierPolicy.Ejection(base, base.multipliedBy(10), Duration.ZERO, maxPercent, false, true),
                Duration.ofSeconds(10),
                false);
    }

    private final VirtualTimer time = new VirtualTimer();
    private final Map<String, HealthProbe.Result> states = new HashMap<>();
    private final List<String> checked = new ArrayList<>();
    private final Map<String, List<InetAddress>> names = new HashMap<>();
    private final ClusterSet clusters = new ClusterSet(
            (endpoint, policy, result) -> {
                checked.add(endpoint.key());
                HealthProbe.Result state = states.getOrDefault(endpoint.key(), HealthProbe.Result.PASSED);
                result.accept(state);
            },
            (host, result) -> result.accept(names.getOrDefault(host, List.of())),
            time.executor(),
            time::nanos);

    private static Endpoint endpoint(int port, Endpoint.HealthStatus health) {
        return new Endpoint(new InetSocketAddress(address("127.0.0.1"), port), "", 1, Locality.NONE, 0, health);
    }

    private static InetAddress address(String ip) {
        return NetUtil.createInetAddressFromIpAddressString(ip);
    }

    private static LoadAssignment ports(int... ports) {
        return new LoadAssignment(
                IntStream.of(ports)
                        .mapToObj(port -> endpoint(port, Endpoint.HealthStatus.HEALTHY))
                        .toList(),
                LoadAssignment.DEFAULT_OVERPROVISIONING);
    }

    private static ClusterSpec spec(
            Discovery discovery,
            @Nullable HealthCheckPolicy check,
            @Nullable OutlierPolicy outlier,
            boolean ignoreHealth) {
        return new ClusterSpec(
                "up",
                discovery,
                new Balancing(new LbPolicy.RoundRobin(), 0),
                Protocol.HTTP1,
                Connections.DEFAULT,
                Thresholds.DEFAULT,
                Thresholds.DEFAULT,
                check == null ? List.of() : List.of(check),
                outlier,
                new HostRules(ignoreHealth, false, false));
    }

    private static HealthCheckPolicy check(int unhealthy, int healthy) {
        return new HealthCheckPolicy(
                new HealthCheckPolicy.Kind.Tcp(HealthCheckPolicy.Payload.NONE, List.of()),
                Duration.ofSeconds(1),
                HealthCheckPolicy.Intervals.of(Duration.ofSeconds(10), Duration.ofSeconds(60)),
                unhealthy,
                healthy,
                0,
                true);
    }

    private Cluster cluster(ClusterSpec spec, LoadAssignment assignment) {
        clusters.update(List.of(spec), Map.of("up", assignment));
        return cluster();
    }

    private Cluster cluster() {
        return Objects.requireNonNull(clusters.get("up"));
    }

    private static LiveEndpoint at(Cluster cluster, int port) {
        return cluster.endpoints().stream()
                .filter(live -> live.endpoint().address().getPort() == port)
                .findFirst()
                .orElseThrow();
    }

    private static String asked(Cluster cluster) {
        TreeSet<Integer> ports = new TreeSet<>();
        for (int i = 0; i < 100; i++) {
            LiveEndpoint picked = cluster.pick(Pick.ANY);
            if (picked != null) {
                ports.add(picked.endpoint().address().getPort());
            }
        }
        return ports.toString();
    }

    private static final Discovery EDS = new Discovery.Eds("up");

    // --- outliers

    private static void answer(Cluster cluster, int port, int times, int status) {
        for (int i = 0; i < times; i++) {
            cluster.answered(at(cluster, port), status);
        }
    }

    @Test
    void ejectsAfterFiveFailuresInARowAndTakesBackAfterTheBaseTime() {
        Cluster cluster = cluster(spec(EDS, null, OUTLIERS, false), ports(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
        answer(cluster, 1, 4, 500);
        answer(cluster, 1, 1, 200);
        answer(cluster, 1, 4, 500);
        assertThat(asked(cluster)).isEqualTo("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]");
        answer(cluster, 1, 1, 500);
        assertThat(asked(cluster)).isEqualTo("[2, 3, 4, 5, 6, 7, 8, 9, 10]");
        assertThat(cluster.ejections()).isEqualTo(1);
        time.advance(Duration.ofSeconds(29));
        assertThat(asked(cluster)).doesNotContain("[1,");
        time.advance(Duration.ofSeconds(2));
        assertThat(asked(cluster)).isEqualTo("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]");
    }

    @Test
    void keepsAnEndpointAwayLongerEachTime() {
        Cluster cluster = cluster(spec(EDS, null, OUTLIERS, false), ports(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
        for (int seconds : new int[] {30, 60, 90}) {
            answer(cluster, 1, 5, 500);
            assertThat(at(cluster, 1).isEjected()).isTrue();
            time.advance(Duration.ofSeconds(seconds - 1));
            assertThat(at(cluster, 1).isEjected())
                    .as("before " + seconds + " s")
                    .isTrue();
            time.advance(Duration.ofSeconds(1));
            assertThat(at(cluster, 1).isEjected()).as("after " + seconds + " s").isFalse();
        }
        time.advance(Duration.ofSeconds(40));
        answer(cluster, 1, 5, 500);
        time.advance(Duration.ofSeconds(30));
        assertThat(at(cluster, 1).isEjected()).as("forgiven with time").isFalse();
    }

    @ParameterizedTest(name = "{0} endpoints, at most {1} percent: {2} ejected")
    @CsvSource({"10, 10, 1", "9, 10, 0", "3, 10, 0", "3, 34, 1", "4, 50, 2", "20, 10, 2", "2, 100, 2"})
    void ejectsNoMoreThanItsPart(int endpoints, int percent, int ejected) {
        OutlierPolicy policy = outliers(5, 100, 0, Duration.ofSeconds(30), percent);
        Cluster cluster = cluster(
                spec(EDS, null, policy, false),
                ports(IntStream.rangeClosed(1, endpoints).toArray()));
        for (int port = 1; port <= endpoints; port++) {
            answer(cluster, port, 5, 503);
        }
        assertThat(cluster.endpoints().stream().filter(LiveEndpoint::isEjected)).hasSize(ejected);
    }

    @ParameterizedTest(name = "consecutive_gateway_failure enforced, 5 x {0}: ejected {1}")
    @CsvSource({"500, false", "501, false", "502, true", "503, true", "504, true", "404, false"})
    void tellsGatewayErrorsFromOthers(int status, boolean ejected) {
        OutlierPolicy policy = outliers(0, 0, 100, Duration.ofSeconds(30), 100);
        Cluster cluster = cluster(spec(EDS, null, policy, false), ports(1, 2));
        answer(cluster, 1, 5, status);
        assertThat(at(cluster, 1).isEjected()).isEqualTo(ejected);
    }

    @Test
    void ejectsNobodyWithoutAPolicy() {
        Cluster cluster = cluster(spec(EDS, null, null, false), ports(1, 2));
        answer(cluster, 1, 50, 500);
        assertThat(asked(cluster)).isEqualTo("[1, 2]");
    }

    // --- active checks

    @Test
    void asksNobodyBeforeItsFirstCheckAndDecidesByIt() {
        states.put("127.0.0.1:2", HealthProbe.Result.SILENT);
        Cluster cluster = cluster(spec(EDS, check(3, 2), null, false), ports(1, 2));
        assertThat(checked).containsExactly("127.0.0.1:1", "127.0.0.1:2");
        assertThat(asked(cluster)).isEqualTo("[1]");
    }

    @Test
    void countsResultsInARow() {
        Cluster cluster = cluster(spec(EDS, check(3, 2), null, false), ports(1, 2));
        assertThat(asked(cluster)).isEqualTo("[1, 2]");
        states.put("127.0.0.1:1", HealthProbe.Result.SILENT);
        nextChecks();
        nextChecks();
        assertThat(asked(cluster)).as("two of three").isEqualTo("[1, 2]");
        nextChecks();
        assertThat(asked(cluster)).as("three").isEqualTo("[2]");
        states.put("127.0.0.1:1", HealthProbe.Result.PASSED);
        nextChecks();
        assertThat(asked(cluster)).as("one of two").isEqualTo("[2]");
        nextChecks();
        assertThat(asked(cluster)).as("two").isEqualTo("[1, 2]");
    }

    /** Until every endpoint was checked once more; while there is no traffic a check comes after a minute. */
    private void nextChecks() {
        checked.clear();
        for (int i = 0; i < 1000 && checked.stream().distinct().count() < 2; i++) {
            time.advance(Duration.ofMillis(100));
        }
    }

    @Test
    void takesOutAtOnceWhoAnswersWrongly() {
        Cluster cluster = cluster(spec(EDS, check(3, 2), null, false), ports(1, 2));
        states.put("127.0.0.1:1", HealthProbe.Result.REFUSED);
        nextChecks();
        assertThat(asked(cluster)).isEqualTo("[2]");
    }

    @Test
    void checksRarelyUntilThereIsTraffic() {
        Cluster cluster = cluster(spec(EDS, check(3, 2), null, false), ports(1));
        time.advance(Duration.ofSeconds(59));
        assertThat(checked).hasSize(1);
        time.advance(Duration.ofSeconds(8));
        assertThat(checked).hasSize(2);
        cluster.pick(Pick.ANY);
        time.advance(Duration.ofSeconds(66));
        checked.clear();
        time.advance(Duration.ofSeconds(60));
        assertThat(checked).hasSizeBetween(5, 6);
    }

    @Test
    void takesBackAnOutlierWhoseCheckPasses() {
        states.put("127.0.0.1:1", HealthProbe.Result.SILENT);
        OutlierPolicy policy = outliers(5, 100, 0, Duration.ofHours(1), 100);
        Cluster cluster = cluster(spec(EDS, check(1, 1), policy, false), ports(1, 2));
        answer(cluster, 1, 5, 500);
        assertThat(at(cluster, 1).isEjected()).isTrue();
        states.put("127.0.0.1:1", HealthProbe.Result.PASSED);
        nextChecks();
        assertThat(at(cluster, 1).isEjected()).isFalse();
        assertThat(asked(cluster)).isEqualTo("[1, 2]");
    }

    @ParameterizedTest(name = "ignore_health_on_host_removal {0}: still asked {1}")
    @CsvSource(
            delimiter = '|',
            value = {"false | [1, 2]", "true | [1]"})
    void keepsWhoIsHealthyThoughGoneFromTheAssignment(boolean ignore, String after) {
        ClusterSpec spec = spec(EDS, check(1, 1), null, ignore);
        Cluster cluster = cluster(spec, ports(1, 2));
        cluster(spec, ports(1));
        assertThat(asked(cluster)).isEqualTo(after);
        states.put("127.0.0.1:2", HealthProbe.Result.REFUSED);
        time.advance(Duration.ofMinutes(2));
        assertThat(cluster.endpoints()).hasSize(1);
        checked.clear();
        time.advance(Duration.ofMinutes(2));
        assertThat(checked).doesNotContain("127.0.0.1:2");
    }

    // --- assignments

    @Test
    void keepsWhatIsKnownOfAnEndpointThatStays() {
        ClusterSpec spec = spec(EDS, null, OUTLIERS, false);
        Cluster cluster = cluster(spec, ports(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
        LiveEndpoint first = at(cluster, 1);
        answer(cluster, 1, 5, 500);
        cluster(spec, ports(1, 3, 4, 5, 6, 7, 8, 9, 10, 11));
        assertThat(at(cluster, 1)).isSameAs(first);
        assertThat(first.isEjected()).isTrue();
        assertThat(asked(cluster)).isEqualTo("[3, 4, 5, 6, 7, 8, 9, 10, 11]");
    }

    @ParameterizedTest(name = "{0} is asked: {1}")
    @CsvSource(
            delimiter = '|',
            value = {"HEALTHY | [1, 2]", "UNHEALTHY | [1]", "DEGRADED | [1]"})
    void obeysTheHealthThatTheControlPlaneSays(Endpoint.HealthStatus health, String asked) {
        Cluster cluster = cluster(
                spec(EDS, null, null, false),
                new LoadAssignment(List.of(endpoint(1, Endpoint.HealthStatus.HEALTHY), endpoint(2, health)), 200));
        assertThat(asked(cluster)).isEqualTo(asked);
    }

    @Test
    void followsTheNamesOfStrictDns() {
        names.put("svc", List.of(address("127.0.0.1"), address("127.0.0.2")));
        DnsAssignment assignment = new DnsAssignment(
                List.of(new DnsAssignment.Name(
                        "svc", 80, "", 1, Locality.NONE, 0, Endpoint.HealthStatus.HEALTHY, Endpoint.Traits.NONE)),
                LoadAssignment.EMPTY);
        clusters.update(
                List.of(spec(
                        new Discovery.StrictDns(assignment, DnsPolicy.every(Duration.ofSeconds(5))),
                        null,
                        null,
                        false)),
                Map.of());
        Cluster cluster = cluster();
        assertThat(keys(cluster)).containsExactly("127.0.0.1:80", "127.0.0.2:80");
        names.put("svc", List.of(address("127.0.0.3"), address("127.0.0.2")));
        time.advance(Duration.ofSeconds(5));
        assertThat(keys(cluster)).containsExactly("127.0.0.2:80", "127.0.0.3:80");
        names.remove("svc");
        time.advance(Duration.ofSeconds(5));
        assertThat(keys(cluster))
                .as("a failed look-up changes nothing")
                .containsExactly("127.0.0.2:80", "127.0.0.3:80");
    }

    private static List<String> keys(Cluster cluster) {
        return cluster.endpoints().stream().map(LiveEndpoint::key).sorted().toList();
    }

    @Test
    void forgetsAClusterThatIsGone() {
        List<String> closed = new ArrayList<>();
        Cluster cluster = cluster(spec(EDS, check(1, 1), OUTLIERS, false), ports(1));
        Consumer<String> note = closed::add;
        at(cluster, 1).onRemoval(() -> note.accept("removed"));
        clusters.update(List.of(), Map.of());
        assertThat(clusters.get("up")).isNull();
        assertThat(closed).containsExactly("removed");
        checked.clear();
        time.advance(Duration.ofHours(1));
        assertThat(checked).isEmpty();
    }
}
