package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Locality;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What balancing looks at beside a cluster's own endpoints.
 *
 * @param active requests under way at the whole cluster
 * @param own where this node stands
 * @param local the endpoints of the cluster that this node is part of; null where it is not said or not known
 */
record Surroundings(
        LongSupplier nanos,
        IntSupplier active,
        Locality own,
        Supplier<@Nullable Membership> local,
        ClusterStats stats) {}
