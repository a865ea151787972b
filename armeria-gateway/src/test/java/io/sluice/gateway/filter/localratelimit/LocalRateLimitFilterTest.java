package io.sluice.gateway.filter.localratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.filter.FakeExchange;
import io.sluice.gateway.filter.FilterYaml;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilter.Next;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalRateLimitFilterTest {
    private static final String ON =
            "filter_enabled: {default_value: {numerator: 100}}, filter_enforced: {default_value: {numerator: 100}}";

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final LocalRateLimitFilterParser parser =
            new LocalRateLimitFilterParser(FilterYaml.MATCHERS, "", metrics, nanos::get, () -> 0);

    @ParameterizedTest(name = "{0} of {1} per {2} ms, after {3} ms: {4} are let through")
    @CsvSource({
        "3, 1, 1000, 0, 3",
        "3, 1, 1000, 999, 3",
        "3, 1, 1000, 1000, 4",
        "3, 2, 1000, 500, 4",
        "3, 1, 1000, 3600000, 6",
        "1, 10, 100, 10, 2"
    })
    void fillsSteadilyUpToItsSize(long max, long perFill, long everyMillis, long after, int through) {
        TokenBucket bucket = new TokenBucket(
                new TokenBucket.Size(
                        max, perFill, Duration.ofMillis(everyMillis).toNanos()),
                nanos::get);
        int taken = drain(bucket);
        nanos.addAndGet(Duration.ofMillis(after).toNanos()); // over the end of the clock, too
        assertThat(taken + drain(bucket)).isEqualTo(through);
    }

    private static int drain(TokenBucket bucket) {
        int taken = 0;
        while (bucket.take(1)) {
            taken++;
        }
        return taken;
    }

    @Test
    void refusesAndCountsUntilATokenComes() {
        FakeExchange exchange = new FakeExchange(RequestHeaders.of(HttpMethod.GET, "/"));
        HttpFilter filter = FilterYaml.filter(
                parser,
                message("{stat_prefix: p, token_bucket: {max_tokens: 1, fill_interval: 2s}, "
                        + "enable_x_ratelimit_headers: DRAFT_VERSION_03, " + ON + "}"),
                exchange);
        assertThat(ask(filter, exchange)).isEqualTo(Next.CONTINUE);
        assertThat(ask(filter, exchange)).isEqualTo(Next.PAUSE);
        var reply = Objects.requireNonNull(exchange.reply);
        assertThat(reply.status()).isEqualTo(429);
        assertThat(reply.flags()).containsExactly(ResponseFlag.RL);
        nanos.addAndGet(Duration.ofMillis(500).toNanos());
        ResponseHeadersBuilder headers = ResponseHeaders.of(429).toBuilder();
        filter.onResponseHeaders(exchange, headers, true);
        assertThat(headers.get("x-ratelimit-reset")).isEqualTo("2");
        nanos.addAndGet(Duration.ofMillis(1500).toNanos());
        assertThat(ask(filter, exchange)).isEqualTo(Next.CONTINUE);
        assertThat(count("enabled")).isEqualTo(3);
        assertThat(count("ok")).isEqualTo(2);
        assertThat(count("rate_limited")).isEqualTo(1);
        assertThat(count("enforced")).isEqualTo(1);
    }

    private static Any message(String json) {
        return FilterYaml.message(LocalRateLimit.newBuilder(), json);
    }

    private static Next ask(HttpFilter filter, FakeExchange exchange) {
        return filter.onRequestHeaders(exchange, exchange.request(), true);
    }

    private double count(String outcome) {
        return metrics.counter("envoy.http.local.rate.limit." + outcome, "envoy_local_http_ratelimit_prefix", "p")
                .count();
    }
}
