package io.sluice.gateway.upstream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.LongAdder;

/** What is counted per cluster, under Envoy's names. Any thread. */
final class ClusterMeters {
    private final Counter total;
    private final Counter[] byClass = new Counter[6];
    private final Counter retries;
    private final Counter retriesExhausted;
    private final Counter retryOverflow;
    private final Counter timeouts;
    private final Counter perTryTimeouts;
    private final Counter overflows;
    private final Counter noHealthy;
    private final LongAdder active = new LongAdder();

    ClusterMeters(MeterRegistry registry, String cluster) {
        total = counter(registry, cluster, "upstream_rq");
        for (int i = 1; i < byClass.length; i++) {
            byClass[i] = Counter.builder("envoy.cluster.upstream_rq_xx")
                    .tag("envoy_cluster_name", cluster)
                    .tag("envoy_response_code_class", String.valueOf(i))
                    .register(registry);
        }
        retries = counter(registry, cluster, "upstream_rq_retry");
        retriesExhausted = counter(registry, cluster, "upstream_rq_retry_limit_exceeded");
        retryOverflow = counter(registry, cluster, "upstream_rq_retry_overflow");
        timeouts = counter(registry, cluster, "upstream_rq_timeout");
        perTryTimeouts = counter(registry, cluster, "upstream_rq_per_try_timeout");
        overflows = counter(registry, cluster, "upstream_rq_pending_overflow");
        noHealthy = counter(registry, cluster, "upstream_cx_none_healthy");
        Gauge.builder("envoy.cluster.upstream_rq_active", active, LongAdder::sum)
                .tag("envoy_cluster_name", cluster)
                .register(registry);
    }

    private static Counter counter(MeterRegistry registry, String cluster, String name) {
        return Counter.builder("envoy.cluster." + name)
                .tag("envoy_cluster_name", cluster)
                .register(registry);
    }

    void requestBegins() {
        total.increment();
        active.increment();
    }

    /** @param status 0 where no response arrived */
    void requestEnds(int status) {
        active.decrement();
        int statusClass = status / 100;
        if (statusClass >= 1 && statusClass < byClass.length) {
            byClass[statusClass].increment();
        }
    }

    void retry() {
        retries.increment();
    }

    void retriesExhausted() {
        retriesExhausted.increment();
    }

    void retryOverflow() {
        retryOverflow.increment();
    }

    void timeout() {
        timeouts.increment();
    }

    void perTryTimeout() {
        perTryTimeouts.increment();
    }

    void overflow() {
        overflows.increment();
    }

    void noHealthyEndpoint() {
        noHealthy.increment();
    }
}
