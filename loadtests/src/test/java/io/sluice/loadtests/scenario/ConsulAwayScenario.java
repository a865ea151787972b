package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Consul may die and forget everything. Rule: its agent is killed under load and comes back without services and keys; routes and instances
 * stay, no request fails on the gateway or on Envoy; what is then registered and written anew reaches both.
 */
class ConsulAwayScenario {
    private static final String ROUTES = "- {match: /shop/**, to: shop}\n";

    @Test
    void routesStayWhenConsulLosesItsState(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        int port = Ports.free();
        Consul consul = Consul.start(port);
        try (RecordingUpstream shop = Upstreams.named("shop");
                RecordingUpstream late = Upstreams.named("late");
                Site site = Site.on(consul, folder)) {
            Registration shopping = Registration.of("shop", "shop-1", "eu", shop.port());
            site.registry().register(shopping);
            site.routes(ROUTES);
            site.start();
            site.awaitStatus("/shop/1", 200);
            try (Load load = Load.on(site, "/shop/1")) {
                consul.process().kill();
                load.goOn(100);
                consul = Consul.start(port);
                // what is empty is doubted for two seconds and longer: so long traffic must flow
                load.goOn(200);
                site.doors()
                        .values()
                        .forEach(door ->
                                assertThat(Site.servedBy(door, "/shop/1")).isEqualTo("shop"));

                site.registry().register(Registration.of("late", "late-1", "eu", late.port()));
                site.registry().register(shopping);
                site.routes(ROUTES + "- {match: /late, to: late}\n");
                site.awaitStatus("/late", 200);
                load.goOn(20);
                load.expectNoFailure();
            }
        } finally {
            consul.close();
        }
    }
}
