package io.sluice.xdsserver.snapshot;

import java.util.Optional;

/** The kinds of resources served, in the order in which a change is sent (clusters before what refers to them). */
public enum ResourceType {
    CLUSTER("type.googleapis.com/envoy.config.cluster.v3.Cluster", true),
    ENDPOINT("type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", false),
    LISTENER("type.googleapis.com/envoy.config.listener.v3.Listener", true),
    ROUTE("type.googleapis.com/envoy.config.route.v3.RouteConfiguration", false),
    SECRET("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", false);

    private final String typeUrl;
    private final boolean wildcard;

    ResourceType(String typeUrl, boolean wildcard) {
        this.typeUrl = typeUrl;
        this.wildcard = wildcard;
    }

    public String typeUrl() {
        return typeUrl;
    }

    /** Whether a request that never named anything means all of them, and a full-state answer lists all of them. */
    public boolean wildcard() {
        return wildcard;
    }

    public static Optional<ResourceType> of(String typeUrl) {
        for (ResourceType type : values()) {
            if (type.typeUrl.equals(typeUrl)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
