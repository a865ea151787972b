package io.sluice.gateway.xds;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.util.Optional;
import java.util.function.Function;

/** The kinds of resources a gateway lives on. */
@SuppressWarnings("ImmutableEnumChecker") // parsers and method references have no state
public enum ResourceKind {
    CLUSTER("Cluster", true, Cluster.parser(), m -> ((Cluster) m).getName()),
    ENDPOINTS(
            "ClusterLoadAssignment",
            false,
            ClusterLoadAssignment.parser(),
            m -> ((ClusterLoadAssignment) m).getClusterName()),
    LISTENER("Listener", true, Listener.parser(), m -> ((Listener) m).getName()),
    ROUTES("RouteConfiguration", false, RouteConfiguration.parser(), m -> ((RouteConfiguration) m).getName()),
    SECRET("Secret", false, Secret.parser(), m -> ((Secret) m).getName());

    private final String word;
    private final boolean wildcard;
    private final Parser<? extends Message> parser;
    private final Function<Message, String> nameOf;

    ResourceKind(String word, boolean wildcard, Parser<? extends Message> parser, Function<Message, String> nameOf) {
        this.word = word;
        this.wildcard = wildcard;
        this.parser = parser;
        this.nameOf = nameOf;
    }

    /** Envoy's word for one of them. */
    public String word() {
        return word;
    }

    /** Whether all of them are asked for, rather than some by name. */
    boolean isWildcard() {
        return wildcard;
    }

    String typeUrl() {
        return switch (this) {
            case CLUSTER -> "type.googleapis.com/envoy.config.cluster.v3.Cluster";
            case ENDPOINTS -> "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
            case LISTENER -> "type.googleapis.com/envoy.config.listener.v3.Listener";
            case SECRET -> "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
            case ROUTES -> "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
        };
    }

    static Optional<ResourceKind> of(String typeUrl) {
        for (ResourceKind kind : values()) {
            if (kind.typeUrl().equals(typeUrl)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    String nameOf(Message message) {
        return nameOf.apply(message);
    }

    Message parse(Any any) throws InvalidProtocolBufferException {
        return parser.parseFrom(any.getValue());
    }
}
