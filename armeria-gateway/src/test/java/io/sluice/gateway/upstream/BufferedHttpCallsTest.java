package io.sluice.gateway.upstream;

import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.UpstreamRig;
import io.sluice.gateway.upstream.HttpCalls.Outcome;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What the gateway asks of its own accord: whole answers, or none. */
class BufferedHttpCallsTest {
    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    private static Outcome ask(String cluster, String body, Duration timeout, int maxBytes) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        HttpCalls calls = gateway.httpCalls();
        calls.send(calls.loop(), request(cluster, body, timeout, maxBytes), outcome::complete);
        return outcome.join();
    }

    private static HttpCalls.Request request(String cluster, String body, Duration timeout, int maxBytes) {
        return new HttpCalls.Request(
                cluster,
                RequestHeaders.builder(HttpMethod.POST, "/keys")
                        .authority("issuer")
                        .build(),
                HttpData.ofUtf8(body),
                true,
                timeout,
                maxBytes,
                RetryPolicy.NONE);
    }

    private static void configure(int port) {
        gateway.configure("{match: {prefix: /}, route: {cluster: up}}", http1(port));
    }

    @Test
    void bringsTheWholeAnswer() {
        try (UpstreamRig issuer = UpstreamRig.answering(ok("keys"))) {
            configure(issuer.port());
            Outcome outcome = ask("up", "please", Duration.ofSeconds(5), 4);
            assertThat(outcome).isInstanceOfSatisfying(Outcome.Answered.class, answered -> {
                assertThat(answered.headers().status().code()).isEqualTo(200);
                assertThat(answered.body().toStringUtf8()).isEqualTo("keys");
            });
            Http1Peer.Message seen = issuer.request();
            assertThat(seen.start()).isEqualTo("POST /keys HTTP/1.1");
            assertThat(seen.body()).isEqualTo("please");
        }
    }

    @Test
    void readsNoMoreThanItMay() {
        try (UpstreamRig issuer = UpstreamRig.answering(ok("x".repeat(1_000_000)))) {
            configure(issuer.port());
            assertThat(ask("up", "", Duration.ofSeconds(5), 1000))
                    .isEqualTo(new Outcome.Failed("an answer longer than 1000 bytes"));
        }
    }

    @Test
    void readsNoMoreThanItMayOfAnAnswerWithoutLength() {
        String chunk = "x".repeat(600);
        String body = "258\r\n" + chunk + "\r\n258\r\n" + chunk + "\r\n0\r\n\r\n";
        try (UpstreamRig issuer =
                UpstreamRig.answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + body)) {
            configure(issuer.port());
            assertThat(ask("up", "", Duration.ofSeconds(5), 1000))
                    .isEqualTo(new Outcome.Failed("an answer longer than 1000 bytes"));
        }
    }

    @Test
    void waitsNoLongerThanItMay() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try (UpstreamRig issuer = new UpstreamRig(socket -> done.await())) {
            configure(issuer.port());
            assertThat(ask("up", "", Duration.ofMillis(50), 1000))
                    .isEqualTo(new Outcome.Failed("upstream request timeout"));
        } finally {
            done.countDown();
        }
    }

    @Test
    void failsWhereThereIsNoCluster() {
        configure(1);
        assertThat(ask("nowhere", "", Duration.ofSeconds(5), 1000))
                .isEqualTo(new Outcome.Failed("unknown cluster 'nowhere'"));
    }

    @Test
    void saysNothingOnceItIsCancelled() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (UpstreamRig issuer = new UpstreamRig(socket -> release.await())) {
            configure(issuer.port());
            CompletableFuture<Outcome> outcome = new CompletableFuture<>();
            HttpCalls calls = gateway.httpCalls();
            var loop = calls.loop();
            loop.execute(() -> calls.send(loop, request("up", "", Duration.ofMillis(1), 1000), outcome::complete)
                    .cancel());
            loop.schedule(() -> {}, 20, TimeUnit.MILLISECONDS).get();
            assertThat(outcome).isNotDone();
        } finally {
            release.countDown();
        }
    }
}
