package io.sluice.gateway.listener;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** What is counted per connection manager, under Envoy's names. Any thread. */
final class ListenerMeters {
    private final Counter total;
    private final Counter[] byClass = new Counter[6];
    private final Counter maxRequests;
    private final Counter maxDuration;
    private final Timer time;
    private final LongAdder active = new LongAdder();

    ListenerMeters(MeterRegistry registry, String statPrefix) {
        total = Counter.builder("envoy.http.downstream_rq")
                .tag("envoy_http_conn_manager_prefix", statPrefix)
                .register(registry);
        for (int i = 1; i < byClass.length; i++) {
            byClass[i] = Counter.builder("envoy.http.downstream_rq_xx")
                    .tag("envoy_http_conn_manager_prefix", statPrefix)
                    .tag("envoy_response_code_class", String.valueOf(i))
                    .register(registry);
        }
        maxRequests = Counter.builder("envoy.http.downstream_cx_max_requests_reached")
                .tag("envoy_http_conn_manager_prefix", statPrefix)
                .register(registry);
        maxDuration = Counter.builder("envoy.http.downstream_cx_max_duration_reached")
                .tag("envoy_http_conn_manager_prefix", statPrefix)
                .register(registry);
        time = Timer.builder("envoy.http.downstream_rq_time")
                .tag("envoy_http_conn_manager_prefix", statPrefix)
                .serviceLevelObjectives(
                        Duration.ofMillis(1),
                        Duration.ofMillis(5),
                        Duration.ofMillis(25),
                        Duration.ofMillis(100),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(5))
                .register(registry);
        Gauge.builder("envoy.http.downstream_rq_active", active, LongAdder::sum)
                .tag("envoy_http_conn_manager_prefix", statPrefix)
                .register(registry);
    }

    void maxRequestsReached() {
        maxRequests.increment();
    }

    void maxDurationReached() {
        maxDuration.increment();
    }

    void begins() {
        total.increment();
        active.increment();
    }

    /** @param status 0 where nothing was answered */
    void ends(int status, long nanos) {
        active.decrement();
        int statusClass = status / 100;
        if (statusClass >= 1 && statusClass < byClass.length) {
            byClass[statusClass].increment();
        }
        time.record(nanos, TimeUnit.NANOSECONDS);
    }

    long active() {
        return active.sum();
    }
}
