package io.sluice.xdsserver.stream;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.sluice.xdsserver.snapshot.ResourceType;
import java.util.List;

/**
 * A response of either variant as a client reads it.
 *
 * @param resources {@code name@version}, in the order of the wire
 * @param removed named only by delta
 */
record Received(
        ResourceType type, String nonce, String version, List<String> resources, List<String> removed, String sender) {

    static Received of(DiscoveryResponse response) {
        return new Received(
                ResourceType.of(response.getTypeUrl()).orElseThrow(),
                response.getNonce(),
                response.getVersionInfo(),
                response.getResourcesList().stream().map(Sample::label).toList(),
                List.of(),
                response.getControlPlane().getIdentifier());
    }

    static Received of(DeltaDiscoveryResponse response) {
        response.getResourcesList().forEach(resource -> {
            String label = Sample.label(resource.getResource());
            if (!label.equals(resource.getName() + "@" + resource.getVersion())) {
                throw new AssertionError(label + " is sent as " + resource.getName() + "@" + resource.getVersion());
            }
        });
        return new Received(
                ResourceType.of(response.getTypeUrl()).orElseThrow(),
                response.getNonce(),
                response.getSystemVersionInfo(),
                response.getResourcesList().stream()
                        .map(resource -> Sample.label(resource.getResource()))
                        .toList(),
                List.copyOf(response.getRemovedResourcesList()),
                response.getControlPlane().getIdentifier());
    }
}
