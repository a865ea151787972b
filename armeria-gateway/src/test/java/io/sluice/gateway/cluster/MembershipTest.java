package io.sluice.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Endpoint.HealthStatus;
import io.sluice.gateway.endpoint.Locality;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How load is shared between priorities. The rows are Envoy's own: docs load_balancing/priority, degraded, panic_threshold; load_balancer_impl_test.cc. */
class MembershipTest {
    private static final Surroundings AROUND =
            new Surroundings(() -> 0, () -> 0, Locality.NONE, () -> null, new ClusterStats());

    private static Membership membership(String tiers, double panic, LbPolicy policy) {
        List<LiveEndpoint> endpoints = new ArrayList<>();
        String[] each = tiers.strip().split(" +");
        for (int priority = 0; priority < each.length; priority++) {
            for (int i = 0; i < each[priority].length(); i++) {
                HealthStatus health = switch (each[priority].charAt(i)) {
                    case 'h' -> HealthStatus.HEALTHY;
                    case 'd' -> HealthStatus.DEGRADED;
                    default -> HealthStatus.UNHEALTHY;
                };
                endpoints.add(new LiveEndpoint(
                        new Endpoint(
                                new InetSocketAddress("127.0.0." + (priority + 1), i + 1),
                                "",
                                1,
                                Locality.NONE,
                                priority,
                                health),
                        false,
                        false,
                        0));
            }
        }
        return new Membership(endpoints, LoadAssignment.EMPTY, new Balancing(policy, panic), AROUND);
    }

    /** {@code h} healthy, {@code d} degraded, {@code u} unhealthy; a word is a priority. */
    @ParameterizedTest(name = "{0} panic {1}: healthy {2}, degraded {3}, panics {4}")
    @CsvSource(delimiter = '|', textBlock = """
        # docs, priority: one, then two priorities
        hhhhhhhhhh                       | 50 | 100         | 0         | no
        hhhhhhhhhh hhhhhhhhhh            | 50 | 100 0       | 0 0       | no no
        hhhhhhhhuu hhhhhhhhhh            | 50 | 100 0       | 0 0       | no no
        hhhhhhhuuu hhhhhhhhhh            | 50 | 98 2        | 0 0       | no no
        hhhhhuuuuu hhhhhhhhhh            | 50 | 70 30       | 0 0       | no no
        huuuuuuuuu hhhhhhhhhh            | 50 | 14 86       | 0 0       | no no
        uuuuuuuuuu hhhhhhhhhh            | 50 | 0 100       | 0 0       | no no
        # below 100 in all: scaled up
        hhhuuuuuuu hhhuuuuuuu            | 0  | 50 50       | 0 0       | no no
        huuuuuuuuu uuuuuuuuuu            | 0  | 100 0       | 0 0       | no no
        # docs, priority: three
        hhhhhhhhhh hhhhhhhhhh hhhhhhhhhh | 50 | 100 0 0     | 0 0 0     | no no no
        hhhhhuuuuu hhhhuuuuuu hhhhhhhhhh | 50 | 70 30 0     | 0 0 0     | no no no
        huuuuuuuuu huuuuuuuuu hhhhhhhhhh | 50 | 14 14 72    | 0 0 0     | no no no
        # docs, degraded
        dddddddddd hhhhhhhhhh            | 50 | 0 100       | 0 0       | no no
        hhhhddddddd uuuuu                | 50 | 50 0        | 50 0      | no no
        dddd hhhuuuuuuu                  | 50 | 0 42        | 58 0      | no no
        # docs, panic
        hhhhhhhuuu hhuuuuuuuu            | 50 | 98 2        | 0 0       | no no
        hhhuuuuuuu uuuuuuuuuu            | 50 | 50 50       | 0 0       | yes yes
        hhhhhuuuuu huuuuuuuuu            | 50 | 84 16       | 0 0       | no yes
        uuuuuuuuuu uuuuuuuuuu            | 50 | 50 50       | 0 0       | yes yes
        uuuuuuuuuu uuuuu                 | 50 | 67 33       | 0 0       | yes yes
        uuuuuuuuuu                       | 0  | 100         | 0         | no
        uu hu                            | 50 | 0 100       | 0 0       | yes no
        """)
    void sharesLoadAsEnvoyDoes(String tiers, double panic, String healthy, String degraded, String panics) {
        Membership membership = membership(tiers, panic, new LbPolicy.RoundRobin());
        int count = tiers.strip().split(" +").length;
        assertThat(line(count, i -> String.valueOf(membership.healthyLoad(i)))).isEqualTo(healthy);
        assertThat(line(count, i -> String.valueOf(membership.degradedLoad(i)))).isEqualTo(degraded);
        assertThat(line(count, i -> membership.panics(i) ? "yes" : "no")).isEqualTo(panics);
    }

    private static String line(int count, java.util.function.IntFunction<String> each) {
        return IntStream.range(0, count).mapToObj(each).collect(Collectors.joining(" "));
    }

    @Test
    void spreadsPicksOverPrioritiesByTheirLoad() {
        Membership membership = membership("hhhhhuuuuu hhhhhhhhhh", 50, new LbPolicy.RoundRobin());
        Map<Integer, Integer> picks = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            picks.merge(
                    Objects.requireNonNull(membership.pick(Pick.ANY)).endpoint().priority(), 1, Integer::sum);
        }
        assertThat(picks.get(0)).isBetween(6_800, 7_200);
        assertThat(picks.get(1)).isBetween(2_800, 3_200);
    }

    @Test
    void picksNobodyWhereNobodyIsHealthyAndPanicIsOff() {
        assertThat(membership("uuu", 0, new LbPolicy.RoundRobin()).pick(Pick.ANY))
                .isNull();
        assertThat(membership("uuu", 50, new LbPolicy.RoundRobin()).pick(Pick.ANY))
                .isNotNull();
        assertThat(new Membership(List.of(), LoadAssignment.EMPTY, new Balancing(new LbPolicy.RoundRobin(), 50), AROUND)
                        .pick(Pick.ANY))
                .isNull();
    }

    @ParameterizedTest
    @CsvSource({"RoundRobin", "LeastRequest", "Random"})
    void picksOnlyHealthyOnes(String policy) {
        LbPolicy lb = switch (policy) {
            case "RoundRobin" -> new LbPolicy.RoundRobin();
            case "LeastRequest" -> new LbPolicy.LeastRequest(2);
            default -> new LbPolicy.Random();
        };
        Membership membership = membership("huhuhuhh", 50, lb);
        Map<String, Integer> picks = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
            picks.merge(Objects.requireNonNull(membership.pick(Pick.ANY)).key(), 1, Integer::sum);
        }
        assertThat(picks.keySet())
                .containsExactlyInAnyOrder("127.0.0.1:1", "127.0.0.1:3", "127.0.0.1:5", "127.0.0.1:7", "127.0.0.1:8");
    }
}
