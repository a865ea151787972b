package io.sluice.gateway.filter.healthcheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthCheckFilterTest {
    @ParameterizedTest(name = "after {0} ms: {1}")
    @CsvSource({"0, 503", "999, 503", "1000, 0", "100000, 0"})
    void remembersWhatTheUpstreamSaidForAWhile(long millis, int status) {
        AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 10);
        var cache = new HealthCheckFilter.Cache(Duration.ofSeconds(1).toNanos(), nanos::get);
        assertThat(cache.status()).isZero();
        cache.put(503);
        nanos.addAndGet(Duration.ofMillis(millis).toNanos());
        assertThat(cache.status()).isEqualTo(status);
    }
}
