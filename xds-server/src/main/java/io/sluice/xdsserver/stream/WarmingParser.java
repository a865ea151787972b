package io.sluice.xdsserver.stream;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a client waits for before a new version of a resource takes effect: the endpoints of a cluster, the routes of a listener. It wants
 * an answer even where those did not change. Source: Envoy, xds_protocol, "Resource warming".
 */
final class WarmingParser {
    private WarmingParser() {}

    /** The type waited for, or empty where nothing is. */
    static Optional<ResourceType> awaitedBy(ResourceType type) {
        return switch (type) {
            case CLUSTER -> Optional.of(ResourceType.ENDPOINT);
            case LISTENER -> Optional.of(ResourceType.ROUTE);
            case ENDPOINT, ROUTE -> Optional.empty();
        };
    }

    /** The names waited for. */
    static Set<String> parse(VersionedResource resource) {
        try {
            return switch (resource.type()) {
                case CLUSTER -> endpoints(Cluster.parseFrom(resource.body().getValue()));
                case LISTENER -> routes(Listener.parseFrom(resource.body().getValue()));
                case ENDPOINT, ROUTE -> Set.of();
            };
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException(
                    resource.type() + " '" + resource.name() + "': not a "
                            + resource.type().typeUrl(),
                    e);
        }
    }

    private static Set<String> endpoints(Cluster cluster) {
        if (cluster.getType() != Cluster.DiscoveryType.EDS) {
            return Set.of();
        }
        String service = cluster.getEdsClusterConfig().getServiceName();
        return Set.of(service.isEmpty() ? cluster.getName() : service);
    }

    private static Set<String> routes(Listener listener) throws InvalidProtocolBufferException {
        Set<String> names = new LinkedHashSet<>();
        addRoutes(listener.getApiListener().getApiListener(), names);
        for (FilterChain chain : (Iterable<FilterChain>) Stream.concat(
                listener.getFilterChainsList().stream(), Stream.of(listener.getDefaultFilterChain()))::iterator) {
            for (var filter : chain.getFiltersList()) {
                addRoutes(filter.getTypedConfig(), names);
            }
        }
        return names;
    }

    private static void addRoutes(Any filter, Set<String> names) throws InvalidProtocolBufferException {
        if (filter.is(HttpConnectionManager.class)) {
            HttpConnectionManager manager = filter.unpack(HttpConnectionManager.class);
            if (manager.hasRds()) {
                names.add(manager.getRds().getRouteConfigName());
            }
        }
    }
}
