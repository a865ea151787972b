package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.health.OutlierMonitor;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** What is counted of a cluster, ever; each is named after Envoy's counter. Any thread. */
public final class ClusterStats {
    /** Picks in a priority below its panic threshold: lb_healthy_panic. */
    public final LongAdder panics = new LongAdder();
    /** lb_zone_routing_all_directly. */
    public final LongAdder zoneAllDirectly = new LongAdder();
    /** lb_zone_routing_sampled. */
    public final LongAdder zoneSampled = new LongAdder();
    /** lb_zone_routing_cross_zone. */
    public final LongAdder zoneCross = new LongAdder();
    /** lb_zone_cluster_too_small, counted once for each change of the members. */
    public final LongAdder zoneTooSmall = new LongAdder();
    /** lb_local_cluster_not_ok. */
    public final LongAdder zoneLocalNotOk = new LongAdder();
    /** upstream_cx_total. */
    public final LongAdder connections = new LongAdder();
    /** upstream_cx_connect_fail, timeouts among them. */
    public final LongAdder connectFailures = new LongAdder();
    /** upstream_cx_connect_timeout. */
    public final LongAdder connectTimeouts = new LongAdder();
    /** upstream_cx_overflow: a connection was wanted and the breaker let none be opened. */
    public final LongAdder connectionOverflows = new LongAdder();
    /** upstream_cx_max_duration_reached. */
    public final LongAdder oldConnections = new LongAdder();
    /** upstream_cx_destroy. */
    public final LongAdder closedConnections = new LongAdder();
    /** membership_change. */
    public final LongAdder membershipChanges = new LongAdder();

    /** outlier_detection.ejections_overflow. */
    public final LongAdder ejectionOverflows = new LongAdder();

    private final Map<OutlierMonitor.Reason, LongAdder> detected = new EnumMap<>(OutlierMonitor.Reason.class);
    private final Map<OutlierMonitor.Reason, LongAdder> enforced = new EnumMap<>(OutlierMonitor.Reason.class);

    ClusterStats() {
        for (OutlierMonitor.Reason reason : OutlierMonitor.Reason.values()) {
            detected.put(reason, new LongAdder());
            enforced.put(reason, new LongAdder());
        }
    }

    /** outlier_detection.ejections_detected_REASON: found, ejected or not. */
    public LongAdder detected(OutlierMonitor.Reason reason) {
        return Objects.requireNonNull(detected.get(reason));
    }

    /** outlier_detection.ejections_enforced_REASON. */
    public LongAdder enforced(OutlierMonitor.Reason reason) {
        return Objects.requireNonNull(enforced.get(reason));
    }

    long ejections() {
        return enforced.values().stream().mapToLong(LongAdder::sum).sum();
    }
}
