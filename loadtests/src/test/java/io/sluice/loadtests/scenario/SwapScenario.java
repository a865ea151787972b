package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import io.sluice.loadtests.harness.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Configuration may change all the time. Rule: under load, changes are made in Consul as fast as its watches tell them (the instance of a service is
 * replaced by another; every sixteenth change rewrites the routes, which go from one shape to another and back) until gateway and Envoy have
 * been sent 1,000 new configurations each; no request fails on either, and in the end both obey the last change of each service and of the
 * routes.
 */
class SwapScenario {
    private static final int SWAPS = 1_000;
    private static final int MOST_CHANGES = 10_000;
    private static final int SERVICES = 16;
    /** A watch of one service tells five changes a second for long; so the whole is at most 80 a second. */
    private static final long GAP_NANOS = 1_000_000_000L / 60;

    @Test
    void aThousandChangesCostNoRequest(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        try (Consul consul = Consul.start(Ports.free());
                RecordingUpstream even = Upstreams.named("even");
                RecordingUpstream odd = Upstreams.named("odd");
                Site site = Site.on(consul, folder)) {
            List<RecordingUpstream> upstreams = List.of(even, odd);
            for (int service = 0; service < SERVICES; service++) {
                register(site, service, upstreams.get(0));
            }
            site.routes(routes(0));
            site.start();
            site.awaitStatus("/s0", 200);
            site.awaitStatus("/s15", 200);
            int changes;
            try (Load load = Load.on(site, "/s0")) {
                changes = change(site, upstreams);
                int last = changes / SERVICES;
                site.doors()
                        .forEach((name, port) -> Site.await(
                                () -> name + " obeys the last routes\n" + site.state(),
                                () -> shape(port).equals("" + last)));
                load.goOn(10);
                load.expectNoFailure();
                System.out.println("changes: " + changes + ", responses to both together: " + responses(site)
                        + ", requests answered: " + load.answered());
            }
            for (int service = 1; service < SERVICES; service++) {
                int change = changes - Math.floorMod(changes - service, SERVICES);
                String expected = change / SERVICES % 2 == 0 ? "even" : "odd";
                String path = "/s" + service;
                site.doors()
                        .forEach((name, port) -> Site.await(
                                () -> name + " " + path + " is answered by " + expected,
                                () -> Site.servedBy(port, path).equals(expected)));
            }
        }
    }

    /** @return how many changes it took */
    private static int change(Site site, List<RecordingUpstream> upstreams) throws IOException {
        long due = System.nanoTime();
        int change = 0;
        while (responses(site) < 2 * SWAPS) {
            assertThat(change).isLessThan(MOST_CHANGES);
            for (int i = 0; i < 50; i++) {
                change++;
                if (change % SERVICES == 0) {
                    site.routes(routes(change / SERVICES));
                } else {
                    register(site, change % SERVICES, upstreams.get(change / SERVICES % 2));
                }
                due = Math.max(due + GAP_NANOS, System.nanoTime() - GAP_NANOS);
                LockSupport.parkNanos(due - System.nanoTime());
            }
        }
        return change;
    }

    private static void register(Site site, int service, RecordingUpstream upstream) {
        site.registry().register(Registration.of("s" + service, "s" + service + "-1", "eu", upstream.port()));
    }

    /** One route per service; odd shapes put a route before them all, and match by whole segments. */
    private static String routes(int shape) {
        String first = shape % 2 == 0 ? "" : "- {match: /only-when-odd, respond: {status: 200}}\n";
        return first
                + IntStream.range(0, SERVICES)
                        .mapToObj(i -> "- {match: /s%d%s, to: s%d, headers: {response: {set: {x-shape: \"%d\"}}}}\n"
                                .formatted(i, shape % 2 == 0 ? "" : "/**", i, shape))
                        .collect(Collectors.joining());
    }

    private static String shape(int port) {
        Response response = Site.get(port, "/s0");
        return response.headers().get("x-shape").orElse("status " + response.status());
    }

    /** Of endpoints and routes. */
    private static int responses(Site site) throws IOException {
        return site.xdsPage("/metrics")
                .lines()
                .filter(line -> line.startsWith("xds_responses_total") && line.matches(".*type=\"(endpoint|route)\".*"))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
