package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A registration reaches traffic. Rule: an instance registered in Consul for a route that stands already answers through the gateway and through
 * Envoy within 30 s (measured milliseconds are printed: they are compared by {@code ./sluice bench}, not here), and once it is deregistered
 * nothing reaches it any more.
 */
class RegistrationScenario {
    @Test
    void aNewInstanceAnswersAndAGoneOneIsLeftAlone(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        try (Consul consul = Consul.start(Ports.free());
                Site site = Site.on(consul, folder);
                RecordingUpstream first = Upstreams.named("first");
                RecordingUpstream second = Upstreams.named("second")) {
            site.routes("- {match: /shop/**, to: shop}");
            site.start();
            site.awaitStatus("/shop/1", 503);

            Registration one = Registration.of("shop", "shop-1", "eu", first.port());
            long registered = site.registry().register(one);
            Map<String, Double> millis = new TreeMap<>();
            while (millis.size() < 2) {
                site.doors().forEach((name, port) -> {
                    if (!millis.containsKey(name)
                            && Site.servedBy(port, "/shop/1").equals("first")) {
                        millis.put(name, (System.nanoTime() - registered) / 1e6);
                    }
                });
                assertThat(System.nanoTime() - registered).isLessThan(Site.SOON.toNanos());
            }
            System.out.println("registration to first routed request, ms: " + millis);

            site.registry().register(Registration.of("shop", "shop-2", "eu", second.port()));
            site.registry().deregister(one);
            site.doors()
                    .forEach((name, port) ->
                            Site.await(() -> name + " has left the first instance", () -> leftFirst(port)));
            int before = first.count();
            site.doors().values().forEach(port -> {
                for (int i = 0; i < 10; i++) {
                    assertThat(Site.servedBy(port, "/shop/2")).isEqualTo("second");
                }
            });
            assertThat(first.count()).isEqualTo(before);
        }
    }

    private static boolean leftFirst(int port) {
        for (int i = 0; i < 4; i++) {
            if (!Site.servedBy(port, "/shop/2").equals("second")) {
                return false;
            }
        }
        return true;
    }
}
