package io.sluice.xdsserver.translate;

import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.sluice.sync.model.Health;
import io.sluice.sync.model.Instance;
import io.sluice.sync.model.Service;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who answers for a service. Instances in maintenance or of weight 0 are left out, critical ones unless most are ({@link Service#asked}): then they are
 * unhealthy, and nodes in panic ask them all the same. A warning shows in the weight. The asking nodes' own region has priority 0, the others follow by name, without gaps. Where one side does not say its region it is near. A
 * service with nobody to answer has an assignment without endpoints: an answer, where none at all would keep its cluster warming.
 */
final class EndpointTranslator {
    private EndpointTranslator() {}

    private record Place(boolean far, String region, String zone) {
        static final Comparator<Place> ORDER =
                Comparator.comparing(Place::far).thenComparing(Place::region).thenComparing(Place::zone);
    }

    private record Socket(String address, int port) {}

    /** @param region the asking nodes'; empty when not said */
    static ClusterLoadAssignment translate(Service service, String region) {
        SortedMap<Place, List<Instance>> places = new TreeMap<>(Place.ORDER);
        SortedSet<String> farRegions = new TreeSet<>();
        for (Instance instance : once(service.asked())) {
            boolean far = !region.isEmpty()
                    && !instance.region().isEmpty()
                    && !instance.region().equals(region);
            if (far) {
                farRegions.add(instance.region());
            }
            places.computeIfAbsent(new Place(far, instance.region(), instance.zone()), place -> new ArrayList<>())
                    .add(instance);
        }
        int firstFar = places.isEmpty() || places.firstKey().far() ? 0 : 1;
        List<String> order = List.copyOf(farRegions);
        ClusterLoadAssignment.Builder assignment =
                ClusterLoadAssignment.newBuilder().setClusterName(service.name());
        places.forEach((place, instances) -> {
            LocalityLbEndpoints.Builder locality = assignment
                    .addEndpointsBuilder()
                    .setPriority(place.far() ? firstFar + order.indexOf(place.region()) : 0);
            if (!place.region().isEmpty() || !place.zone().isEmpty()) {
                locality.setLocality(
                        Locality.newBuilder().setRegion(place.region()).setZone(place.zone()));
            }
            instances.forEach(instance -> locality.addLbEndpoints(endpoint(instance)));
        });
        return assignment.build();
    }

    /** Each address once: of two registrations of one address the first by id counts. */
    private static List<Instance> once(List<Instance> instances) {
        Map<Socket, Instance> bySocket = new LinkedHashMap<>();
        for (Instance instance : instances) {
            bySocket.putIfAbsent(new Socket(instance.address(), instance.port()), instance);
        }
        return List.copyOf(bySocket.values());
    }

    private static LbEndpoint endpoint(Instance instance) {
        LbEndpoint.Builder endpoint = LbEndpoint.newBuilder()
                .setEndpoint(Endpoint.newBuilder()
                        .setAddress(SharedClusterTranslator.address(instance.address(), instance.port())))
                .setLoadBalancingWeight(UInt32Value.of(instance.weight()));
        if (instance.health() == Health.CRITICAL) {
            endpoint.setHealthStatus(HealthStatus.UNHEALTHY);
        }
        return endpoint.build();
    }
}
