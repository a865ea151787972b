package io.sluice.xdsserver.stream;

import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.time.InstantSource;
import java.util.Optional;

/** State of the world: each request names everything wanted; answers on clusters and listeners list everything there is. */
final class SotwStream extends AdsStream<DiscoveryRequest, DiscoveryResponse> {
    SotwStream(
            Optional<ResourceType> only,
            ControlPlane controlPlane,
            int maxAnswerBytes,
            InstantSource time,
            StreamListener listener) {
        super(Variant.SOTW, only, controlPlane, maxAnswerBytes, time, listener);
    }

    @Override
    void receive(DiscoveryRequest request) {
        served(request.getTypeUrl()).ifPresent(type -> receive(type, request));
    }

    private void receive(ResourceType type, DiscoveryRequest request) {
        Subscription subscription = of(type);
        if (subscription.stale(request.getResponseNonce())) {
            return;
        }
        if (request.hasErrorDetail()) {
            refused(type, request.getResponseNonce(), request.getErrorDetail().getMessage());
        } else {
            accepted(type, request.getResponseNonce());
        }
        subscription.want(request.getResourceNamesList(), request.getVersionInfo());
    }

    @Override
    Node node(DiscoveryRequest request) {
        return request.getNode();
    }

    @Override
    DiscoveryResponse render(Answer answer, ControlPlane controlPlane) {
        DiscoveryResponse.Builder response = DiscoveryResponse.newBuilder()
                .setTypeUrl(answer.type().typeUrl())
                .setNonce(answer.nonce())
                .setVersionInfo(answer.version())
                .setControlPlane(controlPlane);
        for (VersionedResource resource : answer.resources()) {
            response.addResources(resource.body());
        }
        return response.build();
    }
}
