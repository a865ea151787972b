package io.sluice.gateway.filter.jwt;

import static io.sluice.gateway.filter.jwt.TokenWriter.jwk;
import static io.sluice.gateway.filter.jwt.TokenWriter.keys;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.ResponseHeaders;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.upstream.HttpCalls;
import io.sluice.gateway.upstream.RetryPolicy;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** An issuer that is slow, away, wrong, and one that has new keys. Time stands still unless a test moves it. */
class RemoteKeysTest {
    private static final KeyPair OLD = TokenWriter.ec("secp256r1");
    private static final KeyPair NEW = TokenWriter.ec("secp256r1");
    private static final EventLoop LOOP = new DefaultEventLoop();

    private final AtomicLong nanos = new AtomicLong(-5_000_000_000L);
    private final Deque<Consumer<HttpCalls.Outcome>> asked = new ArrayDeque<>();
    private final List<HttpCalls.Request> requests = new ArrayList<>();
    private final JwtStats stats = JwtStats.of(new FilterMeters(new SimpleMeterRegistry(), "edge"), "");

    @AfterAll
    static void stop() {
        LOOP.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }

    private final HttpCalls issuer = new HttpCalls() {
        @Override
        public EventLoop loop() {
            return LOOP;
        }

        @Override
        public Call send(EventLoop loop, Request request, Consumer<Outcome> then) {
            requests.add(request);
            asked.add(then);
            return () -> {};
        }
    };

    private RemoteKeys remote(@Nullable Duration refetch) {
        return new RemoteKeys(
                new RemoteKeys.Address(
                        "issuer",
                        "keys.test",
                        "/certs",
                        true,
                        Duration.ofSeconds(1),
                        Duration.ofMinutes(10),
                        refetch,
                        RetryPolicy.NONE),
                issuer,
                nanos::get,
                stats);
    }

    private static HttpCalls.Outcome answer(String... jwks) {
        return new HttpCalls.Outcome.Answered(ResponseHeaders.of(200), HttpData.wrap(keys(jwks)));
    }

    private static final HttpCalls.Outcome AWAY = new HttpCalls.Outcome.Failed("away");

    /** Whatever was begun on the loop is done. */
    private static void settle() {
        LOOP.submit(() -> {}).syncUninterruptibly();
        LOOP.submit(() -> {}).syncUninterruptibly();
    }

    private void respond(HttpCalls.Outcome outcome) {
        settle();
        LOOP.submit(() -> asked.remove().accept(outcome)).syncUninterruptibly();
        settle();
    }

    private static CompletableFuture<List<String>> fetch(RemoteKeys keys) {
        CompletableFuture<List<String>> ids = new CompletableFuture<>();
        keys.fetch(LOOP, set -> ids.complete(ids(set)));
        return ids;
    }

    private static CompletableFuture<List<String>> fetchUnknown(RemoteKeys keys) {
        CompletableFuture<List<String>> ids = new CompletableFuture<>();
        keys.fetchUnknown(LOOP, set -> ids.complete(ids(set)));
        return ids;
    }

    private static List<String> ids(@Nullable JwkSet set) {
        return set == null ? List.of() : set.keys().stream().map(Jwk::id).toList();
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private static String old() {
        return jwk(OLD, ",\"kid\":\"old\"");
    }

    private static String fresh() {
        return jwk(NEW, ",\"kid\":\"new\"");
    }

    @Test
    void asksOnceForAllWhoWait() {
        RemoteKeys keys = remote(null);
        assertThat(keys.current()).isNull();
        var one = fetch(keys);
        var two = fetch(keys);
        respond(answer(old()));
        assertThat(one.join()).containsExactly("old");
        assertThat(two.join()).containsExactly("old");
        assertThat(requests).hasSize(1);
        assertThat(ids(keys.current())).containsExactly("old");
        assertThat(requests.getFirst().maxAnswerBytes()).isEqualTo(1024 * 1024);
        assertThat(requests.getFirst().timeout()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void hasNoKeysWhereTheIssuerNeverAnswered() {
        RemoteKeys keys = remote(null);
        var ids = fetch(keys);
        respond(AWAY);
        assertThat(ids.join()).isEmpty();
        assertThat(keys.current()).isNull();
        assertThat(stats.notFetched().count()).isEqualTo(1);
    }

    @Test
    void keepsTheLastGoodKeysForADayWhileTheIssuerIsAway() {
        RemoteKeys keys = remote(null);
        fetch(keys);
        respond(answer(old()));
        pass(Duration.ofMinutes(11));
        assertThat(keys.current()).isNull();
        var whileAway = fetch(keys);
        respond(AWAY);
        assertThat(whileAway.join()).containsExactly("old");
        assertThat(ids(keys.current())).containsExactly("old");
        pass(Duration.ofHours(24));
        var aDayLater = fetch(keys);
        respond(AWAY);
        assertThat(aDayLater.join()).isEmpty();
    }

    @Test
    void asksAnIssuerThatIsAwayOnceInASecond() {
        RemoteKeys keys = remote(null);
        fetch(keys);
        respond(answer(old()));
        pass(Duration.ofMinutes(11));
        fetch(keys);
        respond(AWAY);
        assertThat(keys.current()).isNotNull();
        pass(Duration.ofMillis(999));
        assertThat(keys.current()).isNotNull();
        pass(Duration.ofMillis(2));
        assertThat(keys.current()).isNull();
    }

    @Test
    void forgetsAKeyThatIsGone() {
        RemoteKeys keys = remote(null);
        fetch(keys);
        respond(answer(old(), fresh()));
        pass(Duration.ofMinutes(11));
        var ids = fetch(keys);
        respond(answer(fresh()));
        assertThat(ids.join()).containsExactly("new");
    }

    @Test
    void asksOnceInThirtySecondsForKeysThatNobodyKnows() {
        RemoteKeys keys = remote(null);
        fetch(keys);
        respond(answer(old()));
        for (int i = 0; i < 100; i++) {
            var ids = fetchUnknown(keys);
            settle();
            if (i == 0) {
                respond(answer(old()));
            }
            assertThat(ids.join()).containsExactly("old");
        }
        assertThat(requests).hasSize(2);
        pass(RemoteKeys.UNKNOWN_KEY_PAUSE);
        var rotated = fetchUnknown(keys);
        respond(answer(old(), fresh()));
        assertThat(rotated.join()).containsExactly("old", "new");
        assertThat(requests).hasSize(3);
    }

    @Test
    void takesNothingThatIsNoKeySet() {
        RemoteKeys keys = remote(null);
        for (HttpCalls.Outcome wrong : List.of(
                new HttpCalls.Outcome.Answered(ResponseHeaders.of(200), HttpData.ofUtf8("hello")),
                new HttpCalls.Outcome.Answered(ResponseHeaders.of(200), HttpData.empty()),
                new HttpCalls.Outcome.Answered(ResponseHeaders.of(302), HttpData.wrap(keys(old()))),
                answer())) {
            var ids = fetch(keys);
            respond(wrong);
            assertThat(ids.join()).isEmpty();
        }
        assertThat(stats.notFetched().count()).isEqualTo(4);
    }

    @Test
    void asksBeforeAnybodyDoesWhereTheConfigurationSaysSo() {
        RemoteKeys keys = remote(Duration.ofSeconds(1));
        keys.begin();
        keys.begin();
        respond(answer(old()));
        assertThat(requests).hasSize(1);
        assertThat(ids(keys.current())).containsExactly("old");
        RemoteKeys onDemand = remote(null);
        onDemand.begin();
        settle();
        assertThat(requests).hasSize(1);
    }
}
