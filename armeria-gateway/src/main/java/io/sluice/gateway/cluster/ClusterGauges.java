package io.sluice.gateway.cluster;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.cluster.breaker.Breakers;
import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.cluster.health.OutlierMonitor.Reason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * What is known of the clusters in force, under Envoy's names: members always, outliers and zones only where a cluster has such rules, so that many
 * plain clusters stay cheap. One thread.
 */
public final class ClusterGauges {
    private final MeterRegistry registry;
    private final Map<Cluster, Registered> registered = new HashMap<>();

    public ClusterGauges(MeterRegistry registry) {
        this.registry = registry;
    }

    private record Registered(ClusterSpec spec, List<Meter> meters) {}

    /** Follows the clusters that are in force now. */
    public void update(Collection<Cluster> clusters) {
        Set<Cluster> inForce = new HashSet<>(clusters);
        registered.entrySet().removeIf(entry -> {
            Cluster cluster = entry.getKey();
            boolean stays = inForce.contains(cluster) && entry.getValue().spec().equals(cluster.spec());
            if (!stays) {
                entry.getValue().meters().forEach(registry::remove);
            }
            return !stays;
        });
        for (Cluster cluster : clusters) {
            registered.computeIfAbsent(cluster, any -> new Registered(cluster.spec(), register(cluster)));
        }
    }

    private List<Meter> register(Cluster cluster) {
        List<Meter> meters = new ArrayList<>();
        gauge(meters, cluster, "membership_total", each -> each.endpoints().size());
        gauge(meters, cluster, "membership_healthy", each -> count(each, LiveEndpoint::isHealthy));
        gauge(meters, cluster, "membership_degraded", each -> count(each, LiveEndpoint::isDegraded));
        gauge(meters, cluster, "membership_excluded", each -> count(each, LiveEndpoint::isExcluded));
        counter(meters, cluster, "membership_change", cluster.stats().membershipChanges);
        counter(meters, cluster, "lb_healthy_panic", cluster.stats().panics);
        gauge(
                meters,
                cluster,
                "upstream_cx_active",
                each -> each.defaultBreakers().connections().held()
                        + each.highBreakers().connections().held());
        counter(meters, cluster, "upstream_cx", cluster.stats().connections);
        counter(meters, cluster, "upstream_cx_connect_fail", cluster.stats().connectFailures);
        counter(meters, cluster, "upstream_cx_connect_timeout", cluster.stats().connectTimeouts);
        counter(meters, cluster, "upstream_cx_overflow", cluster.stats().connectionOverflows);
        counter(meters, cluster, "upstream_cx_max_duration_reached", cluster.stats().oldConnections);
        counter(meters, cluster, "upstream_cx_destroy", cluster.stats().closedConnections);
        if (cluster.spec().outlier() != null) {
            outliers(meters, cluster);
        }
        if (cluster.spec().balancing().localities() instanceof Balancing.Localities.ZoneAware
                && cluster.isZoneAware()) {
            counter(meters, cluster, "lb_zone_routing_all_directly", cluster.stats().zoneAllDirectly);
            counter(meters, cluster, "lb_zone_routing_sampled", cluster.stats().zoneSampled);
            counter(meters, cluster, "lb_zone_routing_cross_zone", cluster.stats().zoneCross);
            counter(meters, cluster, "lb_zone_cluster_too_small", cluster.stats().zoneTooSmall);
            counter(meters, cluster, "lb_local_cluster_not_ok", cluster.stats().zoneLocalNotOk);
        }
        remaining(meters, cluster, "default", cluster.spec().defaultThresholds(), cluster.defaultBreakers());
        remaining(meters, cluster, "high", cluster.spec().highThresholds(), cluster.highBreakers());
        return meters;
    }

    private void outliers(List<Meter> meters, Cluster cluster) {
        gauge(meters, cluster, "outlier_detection_ejections_active", each -> count(each, LiveEndpoint::isEjected));
        meters.add(FunctionCounter.builder(
                        "envoy.cluster.outlier_detection_ejections_enforced_total", cluster, Cluster::ejections)
                .tag("envoy_cluster_name", cluster.name())
                .register(registry));
        counter(meters, cluster, "outlier_detection_ejections_overflow", cluster.stats().ejectionOverflows);
        for (Reason reason : Reason.values()) {
            String name = reason.name().toLowerCase(Locale.ROOT);
            counter(
                    meters,
                    cluster,
                    "outlier_detection_ejections_detected_" + name,
                    cluster.stats().detected(reason));
            counter(
                    meters,
                    cluster,
                    "outlier_detection_ejections_enforced_" + name,
                    cluster.stats().enforced(reason));
        }
    }

    /** Where thresholds ask for it. */
    private void remaining(
            List<Meter> meters, Cluster cluster, String priority, Thresholds thresholds, Breakers breakers) {
        if (!thresholds.tracksRemaining()) {
            return;
        }
        String prefix = "circuit_breakers_" + priority + "_remaining_";
        gauge(meters, cluster, prefix + "cx", any -> breakers.connections().left());
        gauge(meters, cluster, prefix + "pending", any -> breakers.pending().left());
        gauge(meters, cluster, prefix + "rq", any -> breakers.requests().left());
        gauge(meters, cluster, prefix + "retries", any -> breakers.retries().left());
    }

    private static long count(Cluster cluster, Predicate<LiveEndpoint> which) {
        return cluster.endpoints().stream().filter(which).count();
    }

    private void gauge(List<Meter> meters, Cluster cluster, String name, ToDoubleFunction<Cluster> value) {
        meters.add(Gauge.builder("envoy.cluster." + name, cluster, value)
                .tag("envoy_cluster_name", cluster.name())
                .register(registry));
    }

    private void counter(List<Meter> meters, Cluster cluster, String name, LongAdder count) {
        meters.add(FunctionCounter.builder("envoy.cluster." + name, count, LongAdder::sum)
                .tag("envoy_cluster_name", cluster.name())
                .register(registry));
    }
}
