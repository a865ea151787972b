package io.sluice.xdsserver.stream;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a client waits for before a new version of a resource takes effect: the endpoints of a cluster, the routes of a listener, the secrets of
 * both. It wants an answer even where those did not change. Source: Envoy, xds_protocol, "Resource warming".
 */
final class WarmingParser {
    private WarmingParser() {}

    /** The types waited for. */
    static List<ResourceType> awaitedBy(ResourceType type) {
        return switch (type) {
            case CLUSTER -> List.of(ResourceType.ENDPOINT, ResourceType.SECRET);
            case LISTENER -> List.of(ResourceType.ROUTE, ResourceType.SECRET);
            case ENDPOINT, ROUTE, SECRET -> List.of();
        };
    }

    /** The names waited for, of one of those types. */
    static Set<String> parse(VersionedResource resource, ResourceType awaited) {
        boolean secrets = awaited == ResourceType.SECRET;
        try {
            return switch (resource.type()) {
                case CLUSTER -> {
                    Cluster cluster = Cluster.parseFrom(resource.body().getValue());
                    yield secrets ? secrets(cluster) : endpoints(cluster);
                }
                case LISTENER -> {
                    Listener listener = Listener.parseFrom(resource.body().getValue());
                    yield secrets ? secrets(listener) : routes(listener);
                }
                case ENDPOINT, ROUTE, SECRET -> Set.of();
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

    private static Set<String> secrets(Cluster cluster) throws InvalidProtocolBufferException {
        Any context = cluster.getTransportSocket().getTypedConfig();
        return context.is(UpstreamTlsContext.class)
                ? secrets(context.unpack(UpstreamTlsContext.class).getCommonTlsContext())
                : Set.of();
    }

    private static Set<String> secrets(Listener listener) throws InvalidProtocolBufferException {
        Set<String> names = new LinkedHashSet<>();
        for (FilterChain chain : chains(listener)) {
            Any context = chain.getTransportSocket().getTypedConfig();
            if (context.is(DownstreamTlsContext.class)) {
                names.addAll(secrets(context.unpack(DownstreamTlsContext.class).getCommonTlsContext()));
            }
        }
        return names;
    }

    private static Set<String> secrets(CommonTlsContext context) {
        Set<String> names = new LinkedHashSet<>();
        context.getTlsCertificateSdsSecretConfigsList().forEach(config -> names.add(config.getName()));
        names.add(context.getValidationContextSdsSecretConfig().getName());
        names.add(context.getCombinedValidationContext()
                .getValidationContextSdsSecretConfig()
                .getName());
        names.remove("");
        return names;
    }

    private static Set<String> routes(Listener listener) throws InvalidProtocolBufferException {
        Set<String> names = new LinkedHashSet<>();
        addRoutes(listener.getApiListener().getApiListener(), names);
        for (FilterChain chain : chains(listener)) {
            for (var filter : chain.getFiltersList()) {
                addRoutes(filter.getTypedConfig(), names);
            }
        }
        return names;
    }

    private static List<FilterChain> chains(Listener listener) {
        return Stream.concat(listener.getFilterChainsList().stream(), Stream.of(listener.getDefaultFilterChain()))
                .toList();
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
