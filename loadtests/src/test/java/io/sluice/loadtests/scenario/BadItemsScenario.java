package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One wrong item loses nothing but itself. Rule: wrong documents are put beside good ones under load; what is good in them goes live on the gateway
 * and on Envoy, no request fails, and the xds-server's pages show each wrong item with file and line, or key, or instance, the reason and what
 * would have been right.
 */
class BadItemsScenario {
    private static final String ROUTES = """
        - {match: /shop/**, to: shop}
        """;

    /** Lines are counted in the assertions. */
    private static final String BAD = """
        routes:
          - {match: /a, to: shop, retrry: {times: 2}}
          - {match: /b, to: shpo}
          - {match: /c/*, to: shop}
          - {match: /good, to: shop}
        listeners:
          - {name: far, port: 70000}
        policies:
          shop: {connect_timeout: fast}
        """;

    private static final String BROKEN = """
        routes:
          - {match: /d, to: [shop
        """;

    @Test
    void inFiles(@TempDir Path folder) throws Exception {
        try (RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.onFiles(folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes(ROUTES);
            site.start();
            site.awaitStatus("/shop/1", 200);
            try (Load load = Load.on(site, "/shop/1")) {
                site.registry().write("bad", BAD);
                site.registry().write("broken", BROKEN);
                site.registry().write("instances", """
                    services:
                      other:
                        - 127.0.0.1:70000
                        - nowhere:80
                        - 127.0.0.1:%d
                    routes:
                      - {match: /other, to: other}
                    """.formatted(shop.port()));
                site.awaitStatus("/other", 200);
                expectTheRest(site);
                assertThat(problems(site))
                        .contains("bad.yaml:2 routes[0]", "retrry", "retry")
                        .contains("bad.yaml:3 routes[1]", "leads to service 'shpo', which is not there", "shop")
                        .contains("bad.yaml:4 routes[2]", "could mean one segment or all")
                        .contains("bad.yaml:7 listeners[0]", "70000", "0..65535")
                        .contains("bad.yaml:9 policies.shop", "fast")
                        .contains("broken.yaml:3", "does not parse")
                        .contains("instances.yaml:3", "port '70000'")
                        .contains("instances.yaml:4", "nowhere:80");
                load.goOn(20);
                load.expectNoFailure();
            }
        }
    }

    @Test
    void inConsul(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        try (Consul consul = Consul.start(Ports.free());
                RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.on(consul, folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes(ROUTES);
            site.start();
            site.awaitStatus("/shop/1", 200);
            try (Load load = Load.on(site, "/shop/1")) {
                site.registry().register(Registration.of("shop", "far", "eu", 70000));
                site.registry().write("bad", BAD);
                site.registry().write("broken", BROKEN);
                expectTheRest(site);
                assertThat(problems(site))
                        .contains("sluice/bad:2 routes[0]", "retrry")
                        .contains("sluice/bad:3 routes[1]", "leads to service 'shpo', which is not there")
                        .contains("sluice/broken:3", "does not parse")
                        .contains("service shop instance far", "port 70000", "1..65535");
                load.goOn(20);
                load.expectNoFailure();
            }
        }
    }

    /** What only the node can know: the gateway's page and the xds-server's show the same reason, and what was good goes on. */
    @Test
    void onANodeThatCannotDoIt(@TempDir Path folder) throws Exception {
        try (RecordingUpstream shop = Upstreams.named("shop");
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Site site = Site.onFiles(folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes(ROUTES);
            site.start();
            site.awaitStatus("/shop/1", 200);
            try (Load load = Load.on(site, "/shop/1")) {
                site.registry()
                        .write(
                                "more",
                                "listeners: [{name: blocked, port: " + taken.getLocalPort()
                                        + ", address: \"127.0.0.1\", nodes: gateway}]\n");
                Site.await(() -> "a refusal in " + site.state(), () -> isRefused(site));
                JsonNode refused = new ObjectMapper()
                        .readTree(Http1Client.get(site.gateway().adminPort(), "127.0.0.1", "/config_dump")
                                .text())
                        .findValue("error_state");
                assertThat(refused.path("details").asText())
                        .contains("Listener 'blocked' > ", String.valueOf(taken.getLocalPort()));
                assertThat(site.clients().toString()).contains("blocked", String.valueOf(taken.getLocalPort()));
                load.goOn(20);
                load.expectNoFailure();
            }
            site.registry().remove("more");
            Site.await(() -> "no refusal in " + site.state(), () -> !isRefused(site));
        }
    }

    private static boolean isRefused(Site site) {
        try {
            return site.clients().toString().contains("blocked")
                    && Http1Client.get(site.gateway().adminPort(), "127.0.0.1", "/config_dump")
                            .text()
                            .contains("error_state");
        } catch (IOException e) {
            return false;
        }
    }

    private static void expectTheRest(Site site) {
        site.awaitStatus("/good", 200);
        // a wrong route keeps its place: no broader one takes its requests
        site.awaitStatus("/a", 503);
        site.awaitStatus("/b", 503);
        site.awaitStatus("/d", 404);
    }

    private static String problems(Site site) throws Exception {
        Site.await(() -> "the broken document is reported\n" + site.state(), () -> {
            try {
                return site.xdsPage("/snapshots").contains("broken");
            } catch (java.io.IOException e) {
                return false;
            }
        });
        return site.xdsPage("/snapshots");
    }
}
