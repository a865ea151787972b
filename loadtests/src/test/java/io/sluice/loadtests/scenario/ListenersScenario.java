package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Listeners come and go without touching each other. Rule: under load on one listener of the gateway and one of Envoy, further ones are added, serve,
 * and are removed again, ten times; no request fails, and a connection opened on the first listener before it all still answers after it all.
 */
class ListenersScenario {
    private static final int ROUNDS = 10;

    @Test
    void addingAndRemovingOneLeavesTheOthersAlone(@TempDir Path folder) throws Exception {
        List<Integer> more = List.of(Ports.free(), Ports.free());
        try (RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.onFiles(folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes("- {match: /**, to: shop}");
            site.start();
            site.awaitStatus("/", 200);
            try (Http1Client kept = Http1Client.connect(site.gatewayPort());
                    Load load = Load.on(site, "/")) {
                askOver(kept);
                for (int round = 0; round < ROUNDS; round++) {
                    site.registry().write("routes", site.listeners() + """
                          - {name: more-gateway, port: %d, address: 127.0.0.1, nodes: gateway}
                          - {name: more-envoy, port: %d, address: 127.0.0.1, nodes: envoy}
                        routes: [{match: /**, to: shop}]
                        """.formatted(more.toArray()));
                    more.forEach(port -> Site.await(
                            () -> "listener on " + port + " serves\n" + site.state(),
                            () -> Site.servedBy(port, "/").equals("shop")));
                    site.routes("- {match: /**, to: shop}");
                    more.forEach(port -> Site.await(
                            () -> "listener on " + port + " is gone\n" + site.state(),
                            () -> Site.get(port, "/").status() == 0));
                }
                askOver(kept);
                load.expectNoFailure();
            }
        }
    }

    private static void askOver(Http1Client client) throws Exception {
        client.send("GET / HTTP/1.1\r\nhost: kept\r\n\r\n");
        assertThat(client.read("GET", Duration.ofSeconds(10)).status()).isEqualTo(200);
    }
}
