package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordedRequest;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An instance dies, and traffic goes elsewhere. Rule: under load through the gateway and Envoy, an instance whose Consul check turns critical gets
 * no further request once both know, and gets requests again when it passes; an instance that vanishes (its port closes, its connections are
 * reset) costs no request, because the route retries on connect-failure and reset; then it is left out, so that nothing needs a retry.
 */
class InstanceDiesScenario {
    @Test
    void trafficMovesAndRetriesHideTheMoment(@TempDir Path folder) throws Exception {
        RealParts.require(Part.CONSUL);
        AtomicBoolean sick = new AtomicBoolean();
        try (Consul consul = Consul.start(Ports.free());
                RecordingUpstream one = Upstreams.named("one");
                RecordingUpstream two = RecordingUpstream.http1(request -> answer(request, sick.get()));
                Site site = Site.on(consul, folder)) {
            register(site, "one", one);
            register(site, "two", two);
            site.routes("- {match: /shop/**, to: shop, retry: {times: 2, on: [connect-failure, reset]}}");
            // by default three requests may be retried at once (Envoy's max_retries); all our callers will be
            site.registry().write("policies", "policies: {shop: {limits: {retries: 50}}}");
            site.start();
            site.awaitStatus("/shop/1", 200);
            try (Load load = Load.on(site, "/shop/1")) {
                awaitServedBy(site, "two", true);
                sick.set(true);
                awaitServedBy(site, "two", false);
                long asked = asked(two);
                load.goOn(50);
                assertThat(asked(two)).isEqualTo(asked);

                sick.set(false);
                awaitServedBy(site, "two", true);
                two.close();
                load.goOn(100);
                load.expectNoFailure();
            }
        }
    }

    /** Until twenty answers in a row of each data plane say so. */
    private static void awaitServedBy(Site site, String instance, boolean wanted) {
        site.doors()
                .forEach((name, port) -> Site.await(() -> name + (wanted ? " uses " : " leaves ") + instance, () -> {
                    for (int i = 0; i < 20; i++) {
                        if (Site.servedBy(port, "/shop/1").equals(instance)) {
                            return wanted;
                        }
                    }
                    return !wanted;
                }));
    }

    private static long asked(RecordingUpstream upstream) {
        return upstream.seen().stream()
                .filter(request -> request.path().startsWith("/shop"))
                .count();
    }

    private static Answer answer(RecordedRequest request, boolean sick) {
        return request.path().equals("/health") && sick
                ? new Answer.Reply(500, Headers.NONE, List.of(Bytes.NONE), Headers.NONE, List.of())
                : Upstreams.answer("two");
    }

    private static void register(Site site, String id, RecordingUpstream upstream) {
        site.registry().register(new Registration("shop", id, "eu", upstream.port(), 1, Map.of(), true));
    }
}
