package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.StaticBootstrap;
import io.sluice.loadtests.harness.TaggedTraffic;
import io.sluice.loadtests.harness.TaggedUpstreams;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever breaks, each caller gets his own answer, whole or visibly broken. Rule: of {@code -Dtagged.requests} numbered requests (100,000 where
 * nothing is said) over many HTTP/1 and HTTP/2 connections to HTTP/1 and HTTP/2 upstreams, pipelined, abandoned, retried, and with a tenth of the
 * upstreams' answers reset, cut off, garbled, refused or never given, none is answered with another's answer, none with half an answer that ends
 * cleanly, none not at all; what a fault allows (a status, a retry that hides it, an answer that breaks off) is what is seen; no POST is acted on
 * twice where the route tries again only what nobody can have looked at; and no buffer leaks.
 */
class EachItsAnswerScenario {
    private static final int REQUESTS = Integer.getInteger("tagged.requests", 100_000);
    private static final long SEED = Long.getLong("tagged.seed", 20_261_126);

    @Test
    void noAnswerGoesToTheWrongCallerAndNoPostIsActedOnTwice(@TempDir Path folder) throws Exception {
        try (TaggedUpstreams upstreams = new TaggedUpstreams()) {
            StaticBootstrap bootstrap = StaticBootstrap.to(upstreams.one())
                    .routes(TaggedTraffic.ROUTES)
                    .cluster("one", upstreams.one(), StaticBootstrap.ROOMY)
                    .cluster("two", upstreams.two(), StaticBootstrap.ROOMY + StaticBootstrap.HTTP2)
                    .cluster("three", upstreams.three(), StaticBootstrap.ROOMY + StaticBootstrap.HTTP2);
            try (Gateway gateway = Gateway.start(
                            bootstrap.write(folder),
                            bootstrap.adminPort(),
                            Map.of("SLUICE_JAVA_OPTS", "-Dio.netty.leakDetection.level=advanced"));
                    TaggedTraffic traffic = TaggedTraffic.to(
                            bootstrap.port(), new TaggedTraffic.Plan(1, REQUESTS, 16, 4, 0.1, 0, SEED))) {
                traffic.await();
                System.out.println("seed " + SEED + "; requests: " + traffic.count() + ", at the upstreams: "
                        + upstreams.count() + "\n" + traffic.table());
                assertThat(traffic.problems()).isEmpty();
                assertThat(upstreams.problems()).isEmpty();
                assertThat(traffic.count()).isGreaterThan(REQUESTS * 9 / 10);
                assertThat(gateway.process().output()).doesNotContain("LEAK", "ERROR", " WARN ");
            }
        }
    }
}
