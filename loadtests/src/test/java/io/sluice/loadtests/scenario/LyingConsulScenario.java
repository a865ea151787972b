package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.ConsulProxy;
import io.sluice.loadtests.harness.ConsulProxy.Fault;
import io.sluice.loadtests.harness.ConsulProxy.Said;
import io.sluice.loadtests.harness.ConsulRegistry;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Consul is away, slow, or tells less than the truth. Rule: for as long as it lasts no request fails on the gateway or on Envoy and every instance
 * keeps its share; no path is asked for more than five times a second; {@code /ready?verbose}, metrics and a log line at begin and end say what is kept and
 * why; and once Consul tells the truth, a new instance is in force within five seconds, or when the last query that asked beyond Consul's index has
 * waited its minute.
 */
class LyingConsulScenario {
    private static final int INSTANCES = 4;
    private static final Duration SOON_ENOUGH = Duration.ofSeconds(5);
    private static final Duration A_MINUTE_AND_MORE = Duration.ofSeconds(75);
    private static final double MOST_QUERIES_A_SECOND = 5;
    private static final Pattern FIGURE = Pattern.compile("(?m)^(\\w+) ([0-9.E]+)$");

    private static Consul consul;
    private static ConsulProxy proxy;
    private static ConsulRegistry registry;
    private static Site site;
    private static final List<RecordingUpstream> upstreams = new ArrayList<>();
    private static RecordingUpstream newcomer;
    private static int documents;

    @BeforeAll
    static void start(@TempDir Path folder) {
        RealParts.require(Part.CONSUL);
        consul = Consul.startWithItsOwnLimits(Ports.free());
        proxy = ConsulProxy.before(consul.httpPort());
        registry = new ConsulRegistry(consul.httpPort(), "consul://127.0.0.1:" + proxy.port());
        site = Site.on(registry, folder);
        for (int i = 0; i < INSTANCES; i++) {
            upstreams.add(Upstreams.named("shop-" + i));
            registry.register(
                    Registration.of("shop", "shop-" + i, "eu", upstreams.get(i).port()));
        }
        newcomer = Upstreams.named("shop-new");
        site.routes("- {match: /shop/**, to: shop}\n");
        site.start();
        site.awaitStatus("/shop/1", 200);
    }

    @AfterAll
    static void stop() throws Exception {
        site.close();
        proxy.close();
        consul.close();
        upstreams.forEach(RecordingUpstream::close);
        newcomer.close();
    }

    /** How somebody who looks learns of it. */
    enum Sign {
        /** {@code catalog_lost}: what is asked is not answered. */
        LOST,
        /** {@code catalog_held}: what is answered is not believed. */
        HELD,
        /** It is no news: what Consul means is clear all the same. */
        NONE
    }

    @SuppressWarnings("ImmutableEnumChecker") // lambdas without state
    enum Lie {
        AWAY(Sign.LOST, ConsulProxy.CUT),
        NO_LEADER(Sign.LOST, always(500, "No cluster leader")),
        RATE_LIMITED(Sign.LOST, always(429, "Your IP is issuing too many concurrent connections")),
        TOKEN_REFUSED(Sign.LOST, always(403, "Permission denied")),
        TORN(Sign.LOST, (target, agent) -> {
            Said said = agent.now();
            return said.body(text -> text.substring(0, Math.min(text.length(), 20)));
        }),
        NO_BODY(Sign.LOST, (target, agent) -> agent.now().saying("")),
        A_PAGE_OF_A_PORTAL(Sign.LOST, always(200, "<html>log in</html>")),
        STALE(Sign.LOST, (target, agent) -> agent.now().saying("[]").with("X-Consul-KnownLeader", "false")),
        NO_INSTANCES(Sign.HELD, ((Fault) (target, agent) -> agent.now().saying("[]")).on("/v1/health/service/shop")),
        NOTHING_AT_ALL(
                Sign.HELD,
                (target, agent) -> agent.now()
                        .saying(target.startsWith("/v1/catalog/services") ? "{}" : "[]")
                        .index(index -> index + 1_000)),
        NOTHING_THAT_THE_TOKEN_MAY_READ(
                Sign.HELD,
                (target, agent) -> agent.now()
                        .saying(target.startsWith("/v1/catalog/services") ? "{}" : "[]")
                        .with("X-Consul-Results-Filtered-By-ACLs", "true")),
        INDEX_BACK(Sign.NONE, (target, agent) -> agent.now().index(index -> 1)),
        INDEX_OF_ZERO(Sign.NONE, (target, agent) -> agent.now().index(index -> 0)),
        INDEX_BEYOND_EVERYTHING(Sign.NONE, (target, agent) -> agent.now().index(index -> Long.MAX_VALUE)),
        INDEX_THAT_JUMPS(Sign.NONE, (target, agent) -> agent.now().index(index -> 1 + System.nanoTime() % 3));

        private final Sign sign;
        private final Fault fault;

        Lie(Sign sign, Fault fault) {
            this.sign = sign;
            this.fault = fault;
        }

        private static Fault always(int status, String body) {
            return (target, agent) -> Said.of(status, body);
        }
    }

    @ParameterizedTest
    @EnumSource(Lie.class)
    void isNotBelieved(Lie lie) throws Exception {
        Registration next = Registration.of("shop", "shop-new", "eu", newcomer.port());
        try (Load load = Load.on(site, "/shop/1")) {
            int logged = log().size();
            proxy.fault(lie.fault);
            registry.write("touched-" + documents++, "routes: []\n");
            switch (lie.sign) {
                case LOST -> awaitFigure("catalog_lost", 1);
                case HELD -> Site.await(() -> "something is held\n" + site.state(), () -> figure("catalog_held") > 0);
                case NONE -> {}
            }
            load.goOn(10);
            long quiet = System.nanoTime();
            load.goOn(25);
            double seconds = (System.nanoTime() - quiet) / 1e9;
            assertThat(proxy.mostAsked(quiet))
                    .as("queries of one path in %s s", seconds)
                    .isLessThanOrEqualTo((int) (MOST_QUERIES_A_SECOND * seconds) + 1);
            everyInstanceIsAsked();
            switch (lie.sign) {
                case LOST -> {
                    assertThat(site.xdsPage("/ready?verbose"))
                            .startsWith("LIVE\n")
                            .contains("lost since: ");
                    assertThat(figure("catalog_lost_seconds")).isPositive();
                    assertThat(log().subList(logged, log().size()))
                            .filteredOn(line -> line.contains("source lost"))
                            .hasSize(1);
                }
                case HELD -> {
                    assertThat(site.xdsPage("/ready?verbose"))
                            .startsWith("LIVE\n")
                            .contains("held back: service shop: kept");
                    assertThat(log().subList(logged, log().size()))
                            .filteredOn(line -> line.contains("item refused") && line.contains("service shop: kept"))
                            .isNotEmpty();
                }
                case NONE -> {}
            }

            proxy.fault(ConsulProxy.NONE);
            registry.register(next);
            awaitInstances(INSTANCES + 1, lie == Lie.INDEX_BEYOND_EVERYTHING ? A_MINUTE_AND_MORE : SOON_ENOUGH);
            awaitFigure("catalog_lost", 0);
            awaitFigure("catalog_held", 0);
            if (lie.sign == Sign.LOST) {
                Site.await(
                        site::state,
                        () -> log().subList(logged, log().size()).stream()
                                .anyMatch(line -> line.contains("source back")));
            }
            assertThat(site.xdsPage("/ready?verbose")).doesNotContain("lost since", "held back", "problem");
            registry.deregister(next);
            awaitInstances(INSTANCES, SOON_ENOUGH);
            load.expectNoFailure();
        } finally {
            proxy.fault(ConsulProxy.NONE);
        }
    }

    /** Whoever asks and is never answered notices it late, and loses nothing. */
    @Test
    void silenceChangesNothing() {
        try (Load load = Load.on(site, "/shop/1")) {
            proxy.fault(ConsulProxy.SILENT);
            load.goOn(40);
            everyInstanceIsAsked();
            proxy.fault(ConsulProxy.NONE);
            awaitInstances(INSTANCES, SOON_ENOUGH);
            load.expectNoFailure();
        } finally {
            proxy.fault(ConsulProxy.NONE);
        }
    }

    private static void everyInstanceIsAsked() {
        upstreams.forEach(RecordingUpstream::forget);
        for (int door : site.doors().values()) {
            for (int i = 0; i < 40 * INSTANCES; i++) {
                assertThat(Site.get(door, "/shop/1").status()).isEqualTo(200);
            }
        }
        assertThat(upstreams)
                .allSatisfy(upstream -> assertThat(upstream.count()).isPositive());
    }

    /** As the snapshots of both node groups have it. */
    private static void awaitInstances(int count, Duration within) {
        await(count + " instances and both nodes live")
                .atMost(within)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> {
                    String page = site.page("/snapshots?type=endpoint&name=shop&verbose");
                    long all = Pattern.compile("\"port_value\"|\"portValue\"")
                            .matcher(page)
                            .results()
                            .count();
                    return all == 2L * count && site.isLive();
                });
    }

    private static List<String> log() {
        return site.xds().process().output().lines().toList();
    }

    private static void awaitFigure(String name, double value) {
        Site.await(() -> name + " " + value + "\n" + site.state(), () -> figure(name) == value);
    }

    private static double figure(String name) {
        return FIGURE.matcher(site.page("/metrics"))
                .results()
                .filter(line -> line.group(1).equals(name))
                .map((MatchResult line) -> Double.parseDouble(line.group(2)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no figure " + name));
    }
}
