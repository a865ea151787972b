package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.ConsulRegistry;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever Consul lets in stands beside good registrations, under the limits that Consul has by itself; every check fails at once; a key holds what
 * nobody can read. Rule: no request fails on the gateway or on Envoy, what is wrong is named with what would have been right, services of odd names
 * are served, and who alone is well is asked alone.
 */
class BadRegistrationsScenario {
    /** Each with the part of its refusal that tells it from the others. */
    private record Bad(String id, String json, String refusal) {}

    private static final List<Bad> BAD = List.of(
            bad("large", "\"Address\": \"127.0.0.1\", \"Port\": 70000", "port 70000 (expected: 1..65535)"),
            bad("zero", "\"Address\": \"127.0.0.1\", \"Port\": 0", "port 0 (expected: 1..65535)"),
            bad("negative", "\"Address\": \"127.0.0.1\", \"Port\": -1", "port -1 (expected: 1..65535)"),
            bad("hostname", "\"Address\": \"db.internal\", \"Port\": 80", "address 'db.internal'"),
            bad("junk", "\"Address\": \"1.2.3.4.5 ;\", \"Port\": 80", "address '1.2.3.4.5 ;'"),
            bad("zone", "\"Address\": \"fe80::1%eth0\", \"Port\": 80", "address 'fe80::1%eth0'"));

    private static final List<String> ODD_NAMES =
            List.of("a b", "UPPER", "under_score", "dot.ted", "-", "a/b", "a?b#c", "\u00fcber", "x".repeat(250));

    private static Bad bad(String id, String fields, String refusal) {
        return new Bad(id, registration("shop", id, fields), "service shop instance " + id + ": " + refusal);
    }

    private static String registration(String service, String id, String fields) {
        return "{\"Name\": \"" + service + "\", \"ID\": \"" + id + "\", " + fields + "}";
    }

    @Test
    void costNothingButThemselves(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        try (Consul consul = Consul.startWithItsOwnLimits(Ports.free());
                RecordingUpstream shop = Upstreams.named("shop");
                RecordingUpstream odd = Upstreams.named("odd")) {
            ConsulRegistry registry = new ConsulRegistry(consul.httpPort());
            try (Site site = Site.on(registry, folder)) {
                registry.register(Registration.of("shop", "shop-1", "eu", shop.port()));
                site.routes("- {match: /shop/**, to: shop}\n");
                site.start();
                site.awaitStatus("/shop/1", 200);
                try (Load load = Load.on(site, "/shop/1")) {
                    BAD.forEach(bad -> registry.register(bad.json()));
                    StringBuilder routes = new StringBuilder("routes:\n");
                    for (int i = 0; i < ODD_NAMES.size(); i++) {
                        registry.register(registration(
                                ODD_NAMES.get(i),
                                "odd-" + i,
                                "\"Address\": \"127.0.0.1\", \"Port\": " + odd.port()
                                        + ", \"Weights\": {\"Passing\": " + (i % 2 == 0 ? 1 : 65535)
                                        + ", \"Warning\": 1}"));
                        routes.append("  - {match: /odd/" + i + ", to: \"" + ODD_NAMES.get(i) + "\"}\n");
                    }
                    registry.write("odd", routes.toString());
                    for (int i = 0; i < ODD_NAMES.size(); i++) {
                        site.awaitStatus("/odd/" + i, 200);
                    }
                    String page = site.xdsPage("/ready?verbose");
                    assertThat(BAD).allSatisfy(bad -> assertThat(page).contains(bad.refusal()));
                    assertThat(page.lines().filter(line -> line.startsWith("problem")))
                            .as(page)
                            .hasSize(BAD.size());
                    load.goOn(20);
                    load.expectNoFailure();
                }
            }
        }
    }

    @Test
    void everyCheckAtOnce(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        try (Consul consul = Consul.startWithItsOwnLimits(Ports.free());
                RecordingUpstream one = Upstreams.named("one");
                RecordingUpstream two = Upstreams.named("two")) {
            ConsulRegistry registry = new ConsulRegistry(consul.httpPort());
            try (Site site = Site.on(registry, folder)) {
                checked(registry, "one", one.port());
                checked(registry, "two", two.port());
                site.routes("- {match: /shop/**, to: shop}\n");
                site.start();
                site.awaitStatus("/shop/1", 200);
                try (Load load = Load.on(site, "/shop/1")) {
                    registry.check("one", "fail");
                    registry.check("two", "fail");
                    awaitHealthy(site, 0);
                    assertThat(site.xdsPage("/ready?verbose"))
                            .contains("service shop: hardly anybody passes the checks");
                    load.goOn(40); // there is nobody better: both are asked

                    registry.check("one", "pass");
                    awaitHealthy(site, 1);
                    load.goOn(20);
                    two.forget();
                    load.goOn(20);
                    assertThat(two.count())
                            .as("requests to the one that is critical")
                            .isZero();
                    load.expectNoFailure();
                }
            }
        }
    }

    private static void checked(ConsulRegistry registry, String id, int port) {
        registry.register(registration(
                "shop",
                id,
                "\"Address\": \"127.0.0.1\", \"Port\": " + port + ", \"Check\": {\"CheckID\": \"" + id
                        + "\", \"TTL\": \"1h\", \"Status\": \"passing\"}"));
    }

    private static void awaitHealthy(Site site, int count) {
        Site.await(site::state, () -> {
            String page = site.page("/catalog");
            return page.split("\"health\" : \"passing\"", -1).length - 1 == count && site.isLive();
        });
    }

    /** What somebody writes over good routes that no YAML is. */
    @Test
    void aDocumentThatNobodyCanRead(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        try (Consul consul = Consul.startWithItsOwnLimits(Ports.free());
                RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.on(new ConsulRegistry(consul.httpPort()), folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes("- {match: /shop/**, to: shop}\n");
            site.start();
            site.awaitStatus("/shop/1", 200);
            try (Load load = Load.on(site, "/shop/1")) {
                for (String poison : List.of(
                        "routes: [{match: /shop",
                        "\u0000\u0001\u0002",
                        "- 1\n- 2\n",
                        "routes: 7",
                        "&a [*a, *a]",
                        "x".repeat(400_000))) {
                    site.registry().write("routes", poison);
                    Site.await(site::state, () -> isRefused(site));
                    load.goOn(10);
                    site.routes("- {match: /shop/**, to: shop}\n");
                    Site.await(site::state, () -> !isRefused(site));
                }
                load.expectNoFailure();
            }
        }
    }

    private static boolean isRefused(Site site) {
        return site.page("/ready?verbose").contains("problem: sluice/routes");
    }
}
