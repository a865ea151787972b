package io.sluice.gateway.cluster;

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
    /** membership_change. */
    public final LongAdder membershipChanges = new LongAdder();

    ClusterStats() {}
}
