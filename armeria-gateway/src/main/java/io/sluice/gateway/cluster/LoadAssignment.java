package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import java.util.List;
import java.util.Map;

/**
 * The endpoints of a cluster.
 *
 * @param overprovisioning percent by which the healthy part of a priority may be overstated before the next one takes over
 * @param weightedHealth whether an endpoint counts by its weight when a priority's health is measured
 * @param localityWeights what localities say of themselves; one that says nothing has 0
 */
public record LoadAssignment(
        List<Endpoint> endpoints, int overprovisioning, boolean weightedHealth, Map<Place, Integer> localityWeights) {
    public static final int DEFAULT_OVERPROVISIONING = 140;
    public static final LoadAssignment EMPTY = new LoadAssignment(List.of(), DEFAULT_OVERPROVISIONING);

    public LoadAssignment {
        endpoints = List.copyOf(endpoints);
        localityWeights = Map.copyOf(localityWeights);
    }

    public LoadAssignment(List<Endpoint> endpoints, int overprovisioning) {
        this(endpoints, overprovisioning, false, Map.of());
    }

    /** A locality within a priority. */
    public record Place(int priority, Locality locality) {}

    int localityWeight(int priority, Locality locality) {
        return localityWeights.getOrDefault(new Place(priority, locality), 0);
    }

    LoadAssignment withEndpoints(List<Endpoint> others) {
        return new LoadAssignment(others, overprovisioning, weightedHealth, localityWeights);
    }
}
