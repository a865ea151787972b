package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.Probe;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import io.sluice.loadtests.harness.XdsServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A control plane may start while Consul is away. Rule: with a catalog-cache, a restarted xds-server serves its last good catalog: a gateway that has
 * nothing of its own gets routes and instances from it, while /ready goes on saying that the source was not read.
 */
class LastGoodCatalogScenario {
    @Test
    void aRestartedServerServesWhatItKnewWhileConsulIsAway(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        int xdsPort = Ports.free();
        int adminPort = Ports.free();
        Path cache = folder.resolve("cache");
        Map<String, String> settings = Map.of("SLUICE_CATALOG_CACHE", cache.toString());
        try (Consul consul = Consul.start(Ports.free());
                RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.on(consul, folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes("- {match: /shop/**, to: shop}\n");
            String source = site.registry().source();
            try (XdsServer first = XdsServer.start(source, xdsPort, adminPort, settings, folder)) {
                Site.await(
                        () -> "the catalog is kept\n" + first.process().output(),
                        () -> Files.exists(cache.resolve("catalog.bin")));
            }
            consul.process().kill();

            List<String> words = List.of(
                    "--source",
                    source,
                    "--port",
                    Integer.toString(xdsPort),
                    "--admin-port",
                    Integer.toString(adminPort));
            try (ProgramProcess second = XdsServer.run(words, settings, folder);
                    Gateway gateway = Gateway.start(xdsPort, "fresh", Ports.free(), Map.of(), folder)) {
                Site.await(
                        () -> "the gateway has routes\n" + second.output()
                                + gateway.process().output(),
                        () -> Site.servedBy(site.gatewayPort(), "/shop/1").equals("shop"));
                assertThat(second.output()).contains("last good catalog in force");
                assertThat(Probe.ok(adminPort, "/ready")).isFalse();
            }
        }
    }
}
