package io.sluice.gateway.filter;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What filters count, under Envoy's names: {@code envoy_http_csrf_request_valid{envoy_http_conn_manager_prefix="edge"}}. */
public record FilterMeters(MeterRegistry metrics, String statPrefix) {

    /** @param name with dots: {@code csrf.request_valid} */
    public Counter counter(String name) {
        return Counter.builder("envoy.http." + name)
                .tag("envoy_http_conn_manager_prefix", statPrefix)
                .register(metrics);
    }
}
