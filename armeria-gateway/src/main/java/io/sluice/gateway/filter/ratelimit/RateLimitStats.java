package io.sluice.gateway.filter.ratelimit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Envoy's counters of the filter, per cluster the request would have gone to. */
final class RateLimitStats {
    private final Map<String, OfCluster> clusters = new ConcurrentHashMap<>();
    private final MeterRegistry metrics;

    RateLimitStats(MeterRegistry metrics) {
        this.metrics = metrics;
    }

    record OfCluster(Counter ok, Counter overLimit, Counter error, Counter failureModeAllowed) {}

    OfCluster of(String cluster) {
        return clusters.computeIfAbsent(
                cluster,
                name -> new OfCluster(
                        counter("ok", name),
                        counter("over_limit", name),
                        counter("error", name),
                        counter("failure_mode_allowed", name)));
    }

    private Counter counter(String outcome, String cluster) {
        return metrics.counter("envoy.cluster.ratelimit." + outcome, "envoy_cluster_name", cluster);
    }
}
