package io.sluice.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.cluster.Balancing.Localities;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Endpoint.HealthStatus;
import io.sluice.gateway.endpoint.Locality;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How load is shared between localities, and how an endpoint begins. The rows are Envoy's: docs locality_weight, zone_aware, slow_start. */
class LocalitiesTest {
    private static final int PICKS = 20_000;

    private final AtomicLong nanos = new AtomicLong();
    private final ClusterStats stats = new ClusterStats();

    /** {@code one:hhu two:hh}: localities with healthy, degraded and unhealthy endpoints. */
    private List<LiveEndpoint> endpoints(String localities, int ip) {
        List<LiveEndpoint> all = new ArrayList<>();
        for (String locality : localities.strip().split(" +")) {
            String name = locality.substring(0, locality.indexOf(':'));
            for (char health : locality.substring(locality.indexOf(':') + 1).toCharArray()) {
                all.add(new LiveEndpoint(
                        new Endpoint(
                                new InetSocketAddress("127.0.0." + ip, all.size() + 1),
                                "",
                                1,
                                new Locality("", name, ""),
                                0,
                                switch (health) {
                                    case 'h' -> HealthStatus.HEALTHY;
                                    case 'd' -> HealthStatus.DEGRADED;
                                    default -> HealthStatus.UNHEALTHY;
                                }),
                        false,
                        false,
                        nanos.get()));
            }
        }
        return all;
    }

    private Membership membership(
            String localities, Map<String, Integer> weights, Localities how, @Nullable Membership local) {
        Map<LoadAssignment.Place, Integer> places = new HashMap<>();
        weights.forEach((zone, weight) -> places.put(new LoadAssignment.Place(0, new Locality("", zone, "")), weight));
        return new Membership(
                endpoints(localities, 1),
                new LoadAssignment(List.of(), LoadAssignment.DEFAULT_OVERPROVISIONING, false, places),
                new Balancing(new LbPolicy.RoundRobin(), how, 50, false),
                new Surroundings(nanos::get, () -> 0, new Locality("", "own", ""), () -> local, stats));
    }

    private static Map<String, Integer> percents(Membership membership) {
        Map<String, Integer> picks = new TreeMap<>();
        for (int i = 0; i < PICKS; i++) {
            LiveEndpoint picked = membership.pick(Pick.ANY);
            picks.merge(picked == null ? "none" : picked.endpoint().locality().zone(), 1, Integer::sum);
        }
        picks.replaceAll((zone, count) -> Math.round(100f * count / PICKS));
        return picks;
    }

    private static Map<String, Integer> numbers(String text) {
        Map<String, Integer> numbers = new TreeMap<>();
        for (String word : text.strip().split(" +")) {
            String[] pair = word.split("=");
            numbers.put(pair[0], Integer.parseInt(pair[1]));
        }
        return numbers;
    }

    private static void assertNear(Map<String, Integer> actual, Map<String, Integer> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((zone, percent) ->
                assertThat(actual.get(zone)).as("%s of %s", zone, actual).isBetween(percent - 2, percent + 2));
    }

    /** docs, locality_weight: X weighs 1, Y weighs 2; Y's health falls. */
    @ParameterizedTest(name = "{0} of {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        x:hhhhhhhhhh y:hhhhhhhhhh | x=1 y=2 | x=33 y=67
        x:hhhhhhhhhh y:hhhhhhhuuu | x=1 y=2 | x=34 y=66
        x:hhhhhhhhhh y:hhhhhuuuuu | x=1 y=2 | x=42 y=58
        x:hhhhhhhhhh y:hhhuuuuuuu | x=1 y=2 | x=54 y=46
        x:hhhhhhhhhh y:uuuuuuuuuu | x=1 y=2 | x=100
        x:hhhhhhhhhh y:hhhhhhhhhh | x=1     | x=100
        x:h y:hhhhhhhhhh          | x=1 y=1 | x=50 y=50
        """)
    void weighsLocalities(String localities, String weights, String expected) {
        Membership membership = membership(localities, numbers(weights), new Localities.Weighted(), null);
        assertNear(percents(membership), numbers(expected));
    }

    @Test
    void countsLocalitiesForNothingWhereTheyAreNotAskedFor() {
        assertNear(
                percents(membership("x:h y:hhh", numbers("x=1 y=1"), new Localities.Flat(), null)),
                numbers("x=25 y=75"));
        assertNear(percents(membership("x:h y:hhh", Map.of(), new Localities.Weighted(), null)), numbers("x=25 y=75"));
    }

    /** docs, zone_aware. The first two words are the local cluster's. */
    @ParameterizedTest(name = "from {0} to {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        # as many here as there: all stays in the own zone
        own:hh b:hh        | own:hhh b:hhh       | own=100
        # more there in the own zone: the same
        own:h b:hh         | own:hhhh b:hh       | own=100
        # 50 percent of the callers, 25 percent of the endpoints: half may stay
        own:hh b:hh        | own:hh b:hhhhhh     | own=50 b=50
        # 50 to 20; what is left goes where there is room
        own:hh b:h c:h     | own:hh b:hhhh c:hhhh | own=40 b=30 c=30
        # too few endpoints
        own:hh b:hh        | own:hh b:hh         | own=50 b=50
        # nobody well in the own zone
        own:hh b:hh        | own:uu b:hhhhhhhh   | b=100
        # none of the own zone
        own:hh b:hh        | a:hhh b:hhh         | a=50 b=50
        # the local cluster panics
        own:huu b:uuu      | own:hhh b:hhh       | own=50 b=50
        """)
    void staysInTheOwnZone(String local, String upstream, String expected) {
        Localities aware = new Localities.ZoneAware(100, 6);
        Membership own = membership(local, Map.of(), aware, null);
        assertNear(percents(membership(upstream, Map.of(), aware, own)), numbers(expected));
    }

    @Test
    void staysInTheOwnZoneForAsManyRequestsAsSaid() {
        Localities aware = new Localities.ZoneAware(50, 2);
        Membership own = membership("own:h b:h", Map.of(), aware, null);
        assertNear(percents(membership("own:h b:h", Map.of(), aware, own)), numbers("own=75 b=25"));
        assertNear(
                percents(membership("own:h b:h", Map.of(), new Localities.ZoneAware(0, 2), own)),
                numbers("own=50 b=50"));
        assertThat(stats.zoneAllDirectly.sum()).isPositive();
    }

    @Test
    void failsInPanicWhereThatIsWanted() {
        Membership membership = new Membership(
                endpoints("x:huuu", 1),
                LoadAssignment.EMPTY,
                new Balancing(new LbPolicy.RoundRobin(), new Localities.ZoneAware(100, 6), 50, true),
                new Surroundings(nanos::get, () -> 0, Locality.NONE, () -> null, stats));
        assertThat(membership.pick(Pick.ANY)).isNull();
        assertThat(stats.panics.sum()).isEqualTo(1);
    }

    // --- slow start

    /** docs, slow_start: weight * max(min_weight_percent, (time / window) ^ (1 / aggression)). */
    @ParameterizedTest(name = "after {0} s of {1} with aggression {2}, at least {3}: {4}")
    @CsvSource({
        "0, 60, 1, 0.1, 0.1",
        "6, 60, 1, 0.1, 0.1",
        "30, 60, 1, 0.1, 0.5",
        "30, 60, 2, 0.1, 0.7071",
        "30, 60, 0.5, 0.1, 0.25",
        "6, 60, 0.5, 0.1, 0.1",
        "6, 60, 0.5, 0, 0.01",
        "60, 60, 1, 0.1, 1",
        "600, 60, 3, 0.1, 1"
    })
    void startsSlowly(long seconds, long window, double aggression, double minimum, double factor) {
        SlowStart slow = new SlowStart(Duration.ofSeconds(window), aggression, minimum);
        assertThat(slow.factor(Duration.ofSeconds(seconds).toNanos()))
                .isCloseTo(factor, org.assertj.core.api.Assertions.within(0.0001));
    }

    @ParameterizedTest(name = "{0}: a newcomer gets a tenth at first")
    @CsvSource({"RoundRobin", "LeastRequest"})
    void givesANewcomerLittleAtFirst(String name) {
        SlowStart slow = new SlowStart(Duration.ofSeconds(60), 1, 0.1);
        LbPolicy policy =
                name.equals("RoundRobin") ? new LbPolicy.RoundRobin(slow) : new LbPolicy.LeastRequest(2, 1, slow);
        List<LiveEndpoint> members = endpoints("old:h", 1);
        nanos.set(Duration.ofSeconds(100).toNanos());
        members.addAll(endpoints("new:h", 2));
        Membership membership = new Membership(
                members,
                LoadAssignment.EMPTY,
                new Balancing(policy, 50),
                new Surroundings(nanos::get, () -> 0, Locality.NONE, () -> null, stats));
        assertNear(percents(membership), numbers("old=91 new=9"));
        nanos.addAndGet(Duration.ofSeconds(30).toNanos());
        assertNear(percents(membership), numbers("old=67 new=33"));
        nanos.addAndGet(Duration.ofSeconds(30).toNanos());
        assertNear(percents(membership), numbers("old=50 new=50"));
    }
}
