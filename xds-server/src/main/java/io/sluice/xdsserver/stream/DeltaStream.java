package io.sluice.xdsserver.stream;

import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.time.InstantSource;
import java.util.Optional;

/** Delta: requests and answers carry only what differs. */
final class DeltaStream extends AdsStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {
    DeltaStream(
            Optional<ResourceType> only,
            ControlPlane controlPlane,
            int maxAnswerBytes,
            InstantSource time,
            StreamListener listener) {
        super(Variant.DELTA, only, controlPlane, maxAnswerBytes, time, listener);
    }

    @Override
    void receive(DeltaDiscoveryRequest request) {
        served(request.getTypeUrl()).ifPresent(type -> receive(type, request));
    }

    /** A request with an old nonce acknowledges nothing, but what it subscribes to counts all the same. */
    private void receive(ResourceType type, DeltaDiscoveryRequest request) {
        if (request.hasErrorDetail()) {
            refused(type, request.getResponseNonce(), request.getErrorDetail().getMessage());
        } else {
            accepted(type, request.getResponseNonce());
        }
        of(type).change(
                        request.getResourceNamesSubscribeList(),
                        request.getResourceNamesUnsubscribeList(),
                        request.getInitialResourceVersionsMap());
    }

    @Override
    Node node(DeltaDiscoveryRequest request) {
        return request.getNode();
    }

    @Override
    DeltaDiscoveryResponse render(Answer answer, ControlPlane controlPlane) {
        DeltaDiscoveryResponse.Builder response = DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(answer.type().typeUrl())
                .setNonce(answer.nonce())
                .setSystemVersionInfo(answer.version())
                .addAllRemovedResources(answer.removed())
                .setControlPlane(controlPlane);
        for (VersionedResource resource : answer.resources()) {
            response.addResources(Resource.newBuilder()
                    .setName(resource.name())
                    .setVersion(resource.version())
                    .setResource(resource.body()));
        }
        return response.build();
    }
}
