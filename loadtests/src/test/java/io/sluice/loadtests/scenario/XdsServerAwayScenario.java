package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests do not need the xds-server. Rule: it is killed (SIGKILL) under load and started again; no request fails on the gateway or on Envoy, and a
 * change made afterwards reaches both. A gateway that starts while it is away serves from its last good configuration, and follows the
 * xds-server once that is back.
 */
class XdsServerAwayScenario {
    @Test
    void noRequestFailsWhileItIsGoneAndAGatewayStartsWithoutIt(@TempDir Path folder) throws Exception {
        try (RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.onFiles(folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes("- {match: /shop/**, to: shop}");
            site.start();
            site.awaitStatus("/shop/1", 200);
            try (Load load = Load.on(site, "/shop/1")) {
                site.xds().process().kill();
                load.goOn(100);
                site.startXds();
                load.goOn(50);
                site.routes("""
                    - {match: /shop/**, to: shop}
                    - {match: /after, to: shop}
                    """);
                site.awaitStatus("/after", 200);
                load.expectNoFailure();
            }

            site.xds().process().kill();
            site.gateway().close();
            site.startGateway();
            assertThat(Site.servedBy(site.gatewayPort(), "/after")).isEqualTo("shop");
            site.startXds();
            site.routes("""
                - {match: /shop/**, to: shop}
                - {match: /later, to: shop}
                """);
            site.awaitStatus("/later", 200);
            site.awaitStatus("/after", 404);
        }
    }
}
