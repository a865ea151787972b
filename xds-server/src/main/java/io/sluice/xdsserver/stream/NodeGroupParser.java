package io.sluice.xdsserver.stream;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.sluice.xdsserver.translate.NodeGroup;

/** Which configuration a node gets, from what it says about itself. */
final class NodeGroupParser {
    /** What our gateway puts into {@code user_agent_name}; every other client is served what an Envoy gets. */
    static final String GATEWAY_AGENT = "sluice-gateway";

    private NodeGroupParser() {}

    /** The region is the locality's, else the metadata's {@code region}, else empty. */
    static NodeGroup parse(Node node) {
        NodeGroup.Kind kind =
                node.getUserAgentName().equals(GATEWAY_AGENT) ? NodeGroup.Kind.GATEWAY : NodeGroup.Kind.ENVOY;
        String region = node.getLocality().getRegion();
        if (region.isEmpty() && node.getMetadata().containsFields("region")) {
            region = node.getMetadata().getFieldsOrThrow("region").getStringValue();
        }
        return new NodeGroup(kind, region);
    }
}
