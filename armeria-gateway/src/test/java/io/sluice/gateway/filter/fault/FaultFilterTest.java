package io.sluice.gateway.filter.fault;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.filter.FakeExchange;
import io.sluice.gateway.filter.FilterYaml;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilter.Next;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultFilterTest {
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private long random;

    private HttpFilter filter(FakeExchange exchange, String json) {
        return FilterYaml.filter(
                new FaultFilterParser(FilterYaml.MATCHERS, metrics, () -> random),
                FilterYaml.message(HTTPFault.newBuilder(), json),
                exchange);
    }

    @ParameterizedTest(name = "random {0} of {1}, header {2}: aborted {3}")
    @CsvSource({
        "0, 1, -1, true",
        "1, 1, -1, false",
        "49, 50, -1, true",
        "50, 50, -1, false",
        "10, 50, 5, false",
        "10, 50, 90, true",
        "60, 50, 90, false"
    })
    void hitsItsShareAndHeadersMayMakeItSmaller(long drawn, int share, int header, boolean aborted) {
        random = drawn;
        var headers = RequestHeaders.builder(HttpMethod.GET, "/");
        if (header >= 0) {
            headers.add("x-envoy-fault-abort-request-percentage", String.valueOf(header));
        }
        FakeExchange exchange = new FakeExchange(headers.build());
        HttpFilter filter =
                filter(exchange, "{abort: {http_status: 503, percentage: {numerator: %d}}}".formatted(share));
        assertThat(filter.onRequestHeaders(exchange, exchange.request(), true))
                .isEqualTo(aborted ? Next.PAUSE : Next.CONTINUE);
    }

    @Test
    void delaysThenGoesOnAndCounts() throws Exception {
        FakeExchange exchange = new FakeExchange(RequestHeaders.of(HttpMethod.GET, "/"));
        HttpFilter filter = filter(exchange, "{delay: {fixed_delay: 0.005s, percentage: {numerator: 100}}}");
        Next next = FakeExchange.LOOP
                .submit(() -> filter.onRequestHeaders(exchange, exchange.request(), true))
                .get();
        assertThat(next).isEqualTo(Next.PAUSE);
        assertThat(exchange.outcome.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(exchange.flags).containsExactly(ResponseFlag.DI);
        filter.onComplete(exchange);
        assertThat(metrics.counter("envoy.http.fault.delays_injected", "envoy_http_conn_manager_prefix", "edge")
                        .count())
                .isEqualTo(1);
        assertThat(metrics.get("envoy.http.fault.active_faults").gauge().value())
                .isZero();
    }

    @Test
    void hasNoMoreFaultsUnderWayThanAllowed() {
        String json = "{max_active_faults: 1, delay: {fixed_delay: 60s, percentage: {numerator: 100}}}";
        FakeExchange first = new FakeExchange(RequestHeaders.of(HttpMethod.GET, "/"));
        FakeExchange second = new FakeExchange(RequestHeaders.of(HttpMethod.GET, "/"));
        var parser = new FaultFilterParser(FilterYaml.MATCHERS, metrics, () -> random);
        HttpFilter one = FilterYaml.filter(parser, FilterYaml.message(HTTPFault.newBuilder(), json), first);
        HttpFilter two = FilterYaml.filter(parser, FilterYaml.message(HTTPFault.newBuilder(), json), second);
        assertThat(one.onRequestHeaders(first, first.request(), true)).isEqualTo(Next.PAUSE);
        assertThat(two.onRequestHeaders(second, second.request(), true)).isEqualTo(Next.CONTINUE);
        one.onComplete(first);
        assertThat(two.onRequestHeaders(second, second.request(), true)).isEqualTo(Next.PAUSE);
        two.onComplete(second);
        assertThat(metrics.counter("envoy.http.fault.faults_overflow", "envoy_http_conn_manager_prefix", "edge")
                        .count())
                .isEqualTo(1);
    }
}
