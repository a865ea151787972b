package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.ConsulRegistry;
import io.sluice.loadtests.harness.ConsulServers;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three Consul servers. Rule: the leader is killed, then two of three so that nobody leads (a query that waits may not notice for its minute), then all; no request fails on the gateway or on Envoy; what is
 * written once there is a leader again is in force; and nothing that was there is missing afterwards.
 */
class LeaderAwayScenario {
    /** The server at which the control plane reads. */
    private static final int READ = 0;

    @Test
    void whoeverLeads(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        try (ConsulServers consul = ConsulServers.start(folder);
                RecordingUpstream shop = Upstreams.named("shop");
                RecordingUpstream late = Upstreams.named("late");
                RecordingUpstream last = Upstreams.named("last");
                Site site = Site.on(new ConsulRegistry(consul.httpPort(READ)), folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes("- {match: /shop/**, to: shop}\n");
            site.start();
            site.awaitStatus("/shop/1", 200);
            try (Load load = Load.on(site, "/shop/1")) {
                int leader = consul.leader(READ).orElseThrow();
                consul.kill(leader);
                load.goOn(20);
                if (leader == READ) {
                    consul.start(READ);
                }
                consul.awaitLeader(READ);
                site.registry().register(Registration.of("late", "late-1", "eu", late.port()));
                site.registry().write("late", "routes: [{match: /late, to: late}]\n");
                site.awaitStatus("/late", 200);
                if (leader != READ) {
                    consul.start(leader);
                }

                // nobody leads: one of three that reads
                consul.kill(1);
                consul.kill(2);
                load.goOn(40);
                assertThat(ready(site)).startsWith("LIVE\n");
                consul.kill(READ);
                load.goOn(20);
                for (int server = 0; server < 3; server++) {
                    consul.start(server);
                }
                consul.awaitLeader(READ);
                site.registry().register(Registration.of("last", "last-1", "eu", last.port()));
                site.registry().write("last", "routes: [{match: /last, to: last}]\n");
                site.awaitStatus("/last", 200);
                site.awaitStatus("/late", 200);
                load.goOn(20);
                load.expectNoFailure();
                Site.await(
                        site::state,
                        () -> !ready(site).contains("lost since")
                                && !ready(site).contains("held back"));
                assertThat(ready(site)).doesNotContain("problem");
            }
        }
    }

    private static String ready(Site site) {
        return site.page("/ready?verbose");
    }
}
