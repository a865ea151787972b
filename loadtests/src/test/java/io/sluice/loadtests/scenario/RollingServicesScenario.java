package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.FileRegistry;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import io.sluice.loadtests.harness.Traffic;
import io.sluice.loadtests.harness.XdsServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A service is rolled out again and again. Rule: under load through a gateway, over HTTP/1 and HTTP/2, on a route that never tries again, 20 times a
 * new instance registers, the oldest of two leaves, and is stopped once it is asked no more: no request fails, each reached an instance once, and
 * every new instance was used.
 */
class RollingServicesScenario {
    private static final int ROLLOUTS = 20;
    private static final int PER_SECOND = 100;

    @Test
    void twentyRolloutsCostNoRequest(@TempDir Path folder) throws Exception {
        FileRegistry registry = new FileRegistry(Files.createDirectories(folder.resolve("catalog")));
        Deque<RecordingUpstream> running = new ArrayDeque<>();
        int port = Ports.free();
        registry.write("routes", """
            listeners: [{name: edge, port: %d, address: 127.0.0.1}]
            routes: [{match: /**, to: shop, retry: {times: 1, on: [retriable-4xx]}}]
            """.formatted(port));
        running.add(begin(registry, 0));
        running.add(begin(registry, 1));
        int asked = 0;
        try (XdsServer xds = XdsServer.start(registry.source(), Ports.free(), Ports.free(), Map.of(), folder);
                Gateway gateway =
                        Gateway.start(xds.port(), "gateway", Ports.free(), Map.of(), folder, "--region", "eu")) {
            Site.await(
                    () -> gateway.process().output(), () -> Site.get(port, "/").status() == 200);
            int before = running.stream().mapToInt(RecordingUpstream::count).sum();
            try (Traffic one = Traffic.http1(port, "/", PER_SECOND);
                    Traffic two = Traffic.http2(port, "/", PER_SECOND)) {
                for (int rollout = 2; rollout < ROLLOUTS + 2; rollout++) {
                    RecordingUpstream next = begin(registry, rollout);
                    running.add(next);
                    Site.await(() -> gateway.process().output(), () -> next.count() > 4);
                    RecordingUpstream oldest = running.remove();
                    registry.deregister(registration(rollout - 2, oldest));
                    awaitQuiet(oldest, one, two);
                    asked += oldest.count();
                    oldest.close();
                }
                Traffic.Outcome overOne = one.stop();
                Traffic.Outcome overTwo = two.stop();
                System.out.println(
                        ROLLOUTS + " rollouts, requests answered: " + (overOne.answered() + overTwo.answered()));
                assertThat(overOne.failures()).isEmpty();
                assertThat(overTwo.failures()).isEmpty();
                asked += running.stream().mapToInt(RecordingUpstream::count).sum();
                assertThat(asked - before).isEqualTo(overOne.answered() + overTwo.answered());
            }
        } finally {
            running.forEach(RecordingUpstream::close);
        }
    }

    private static RecordingUpstream begin(FileRegistry registry, int number) {
        RecordingUpstream instance = Upstreams.named("shop-" + number);
        registry.register(registration(number, instance));
        return instance;
    }

    private static Registration registration(int number, RecordingUpstream instance) {
        return Registration.of("shop", "shop-" + number, "eu", instance.port());
    }

    /** The gateway has heard of it when twenty requests of each kind went elsewhere. */
    private static void awaitQuiet(RecordingUpstream instance, Traffic one, Traffic two) {
        int asked;
        do {
            asked = instance.count();
            one.awaitMore(20);
            two.awaitMore(20);
        } while (instance.count() != asked);
    }
}
