package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Endpoint;
import java.util.List;

/**
 * The endpoints of a cluster.
 *
 * @param overprovisioning percent by which the healthy part of a priority may be overstated before the next one takes over
 */
public record LoadAssignment(List<Endpoint> endpoints, int overprovisioning) {
    public static final int DEFAULT_OVERPROVISIONING = 140;
    public static final LoadAssignment EMPTY = new LoadAssignment(List.of(), DEFAULT_OVERPROVISIONING);

    public LoadAssignment {
        endpoints = List.copyOf(endpoints);
    }
}
