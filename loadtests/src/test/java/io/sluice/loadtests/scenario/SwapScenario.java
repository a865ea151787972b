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
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Configuration may change all the time. Rule: under load, 1,000 changes are made in Consul as fast as its watches tell them (every instance of a
 * service replaced by another; every sixteenth change rewrites the routes, which go from one shape to another and back); no request fails on
 * the gateway or on Envoy, and in the end both obey the last change of each service and of the routes.
 */
class SwapScenario {
    private static final int CHANGES = 1_000;
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
            try (Load load = Load.on(site, "/s0")) {
                long due = System.nanoTime();
                for (int change = 1; change <= CHANGES; change++) {
                    if (change % SERVICES == 0) {
                        site.routes(routes(change / SERVICES));
                    } else {
                        register(site, change % SERVICES, upstreams.get(change / SERVICES % 2));
                    }
                    due += GAP_NANOS;
                    LockSupport.parkNanos(due - System.nanoTime());
                }
                int last = CHANGES / SERVICES;
                site.doors().forEach((name, port) -> Site.await(
                        () -> name + " obeys the last routes\n" + site.state(), () -> shape(port).equals("" + last)));
                load.goOn(10);
                load.expectNoFailure();
                System.out.println("changes: " + CHANGES + ", responses of the xds-server: " + responses(site)
                        + ", requests answered: " + load.answered());
            }
            for (int service = 1; service < SERVICES; service++) {
                int change = CHANGES - Math.floorMod(CHANGES - service, SERVICES);
                String expected = change / SERVICES % 2 == 0 ? "even" : "odd";
                String path = "/s" + service;
                site.doors().forEach((name, port) -> Site.await(
                        () -> name + " " + path + " is answered by " + expected, () -> Site.servedBy(port, path)
                                .equals(expected)));
            }
        }
    }

    private static void register(Site site, int service, RecordingUpstream upstream) {
        site.registry().register(Registration.of("s" + service, "s" + service + "-1", "eu", upstream.port()));
    }

    /** One route per service; odd shapes put a route before them all, and match by whole segments. */
    private static String routes(int shape) {
        String first = shape % 2 == 0 ? "" : "- {match: /only-when-odd, respond: {status: 200}}\n";
        String form = "- {match: %s, to: s%d, headers: {response: {set: {x-shape: \"%d\"}}}}\n";
        return first
                + IntStream.range(0, SERVICES)
                        .mapToObj(i -> form.formatted("/s" + i + (shape % 2 == 0 ? "" : "/**"), i, shape))
                        .collect(Collectors.joining());
    }

    private static String shape(int port) {
        Response response = Site.get(port, "/s0");
        return response.headers().get("x-shape").orElse("status " + response.status());
    }

    private static Map<String, Integer> responses(Site site) throws IOException {
        return site.xdsPage("/metrics")
                .lines()
                .filter(line -> line.startsWith("xds_responses_total") && line.contains("delta"))
                .collect(Collectors.toMap(
                        line -> line.replaceAll(".*type=\"([a-z]+)\".*", "$1"),
                        line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))));
    }
}
