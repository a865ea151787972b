package io.sluice.gateway.filter.csrf;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.envoyproxy.envoy.extensions.filters.http.csrf.v3.CsrfPolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.filter.FakeExchange;
import io.sluice.gateway.filter.FilterYaml;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilter.Next;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsrfFilterTest {
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

    @ParameterizedTest(name = "{0} to {1} from {2}, {3}: {4}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            GET    | shop.test      | https://evil.test       | -                        | true  | -
            POST   | shop.test      | https://shop.test       | -                        | true  | valid
            POST   | shop.test      | https://shop.test/      | -                        | true  | valid
            POST   | shop.test:8443 | https://shop.test:8443  | -                        | true  | valid
            POST   | shop.test      | https://shop.test:8443  | -                        | false | invalid
            PUT    | shop.test      | -                       | https://shop.test/a?b    | true  | valid
            DELETE | shop.test      | -                       | https://evil.test/shop   | false | invalid
            PATCH  | shop.test      | -                       | -                        | false | missing
            POST   | shop.test      | https://friend.test     | -                        | true  | valid
            POST   | shop.test      | https://friend.test.org | -                        | false | invalid
            """)
    void onlyPagesOfTheSameHostMayChangeAnything(
            HttpMethod method,
            String host,
            @Nullable String origin,
            @Nullable String referer,
            boolean passes,
            @Nullable String counted) {
        RequestHeadersBuilder headers = RequestHeaders.builder(method, "/").authority(host);
        if (origin != null) {
            headers.add("origin", origin);
        }
        if (referer != null) {
            headers.add("referer", referer);
        }
        FakeExchange exchange = new FakeExchange(headers.build());
        HttpFilter filter = FilterYaml.filter(
                new CsrfFilterParser(FilterYaml.MATCHERS, metrics, () -> 0),
                FilterYaml.message(
                        CsrfPolicy.newBuilder(),
                        "{filter_enabled: {default_value: {numerator: 100}}, additional_origins: [{exact: friend.test}]}"),
                exchange);
        assertThat(filter.onRequestHeaders(exchange, exchange.request(), true))
                .isEqualTo(passes ? Next.CONTINUE : Next.PAUSE);
        assertThat(count("request_valid")).isEqualTo("valid".equals(counted) ? 1 : 0);
        assertThat(count("request_invalid")).isEqualTo(passes ? 0 : 1);
        assertThat(count("missing_source_origin")).isEqualTo("missing".equals(counted) ? 1 : 0);
    }

    private double count(String name) {
        return metrics.counter("envoy.http.csrf." + name, "envoy_http_conn_manager_prefix", "edge")
                .count();
    }
}
