package io.sluice.xdsserver.snapshot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;

/**
 * A snapshot as a bootstrap file that needs no control plane: what would come by EDS and RDS stands where it is asked for, and secrets beside.
 */
public final class StaticBootstrap {
    private static final ObjectMapper JSON = new ObjectMapper();

    private StaticBootstrap() {}

    /**
     * Costs a parse of everything: not for event loops.
     *
     * @param keys whether it holds keys that no file has
     */
    public static String json(Snapshot snapshot, boolean keys) {
        ObjectNode root = JSON.createObjectNode();
        root.putObject("node").put("id", "static").put("cluster", "static");
        ObjectNode statics = root.putObject("static_resources");
        try {
            ArrayNode listeners = statics.putArray("listeners");
            for (VersionedResource resource : snapshot.of(ResourceType.LISTENER).values()) {
                add(listeners, resource, withRoutes(resource.body().unpack(Listener.class), snapshot));
            }
            ArrayNode clusters = statics.putArray("clusters");
            for (VersionedResource resource : snapshot.of(ResourceType.CLUSTER).values()) {
                add(clusters, resource, withEndpoints(resource.body().unpack(Cluster.class), snapshot));
            }
            ArrayNode secrets = statics.putArray("secrets");
            for (VersionedResource resource : snapshot.of(ResourceType.SECRET).values()) {
                secrets.add(withoutType(keys ? ResourceJson.json(resource.body()) : ResourceJson.print(resource)));
            }
        } catch (InvalidProtocolBufferException | JsonProcessingException e) {
            throw new IllegalStateException("a snapshot that cannot be read", e);
        }
        return root.toPrettyString() + "\n";
    }

    private static void add(ArrayNode all, VersionedResource resource, Message message) throws JsonProcessingException {
        VersionedResource changed =
                new VersionedResource(resource.type(), resource.name(), resource.version(), Any.pack(message));
        all.add(withoutType(ResourceJson.print(changed)));
    }

    private static ObjectNode withoutType(String json) throws JsonProcessingException {
        ObjectNode node = (ObjectNode) JSON.readTree(json);
        node.remove("@type");
        return node;
    }

    private static Cluster withEndpoints(Cluster given, Snapshot snapshot) throws InvalidProtocolBufferException {
        Cluster.Builder own = given.toBuilder();
        Any context = given.getTransportSocket().getTypedConfig();
        if (context.is(UpstreamTlsContext.class)) {
            UpstreamTlsContext.Builder upstream = context.unpack(UpstreamTlsContext.class).toBuilder();
            ownSecrets(upstream.getCommonTlsContextBuilder());
            own.getTransportSocketBuilder().setTypedConfig(Any.pack(upstream.build()));
        }
        Cluster cluster = own.build();
        if (cluster.getType() != Cluster.DiscoveryType.EDS) {
            return cluster;
        }
        String service = cluster.getEdsClusterConfig().getServiceName();
        VersionedResource endpoints =
                snapshot.of(ResourceType.ENDPOINT).get(service.isEmpty() ? cluster.getName() : service);
        Cluster.Builder inlined = cluster.toBuilder().clearEdsClusterConfig().setType(Cluster.DiscoveryType.STATIC);
        if (endpoints != null) {
            inlined.setLoadAssignment(endpoints.body().unpack(ClusterLoadAssignment.class));
        }
        return inlined.build();
    }

    private static Listener withRoutes(Listener listener, Snapshot snapshot) throws InvalidProtocolBufferException {
        Listener.Builder inlined = listener.toBuilder();
        for (FilterChain.Builder chain : inlined.getFilterChainsBuilderList()) {
            inline(chain, snapshot);
        }
        if (inlined.hasDefaultFilterChain()) {
            inline(inlined.getDefaultFilterChainBuilder(), snapshot);
        }
        return inlined.build();
    }

    /** Of the bootstrap itself, where they would come over the stream. */
    private static void ownSecrets(CommonTlsContext.Builder context) {
        context.getTlsCertificateSdsSecretConfigsBuilderList().forEach(SdsSecretConfig.Builder::clearSdsConfig);
        if (context.hasValidationContextSdsSecretConfig()) {
            context.getValidationContextSdsSecretConfigBuilder().clearSdsConfig();
        }
        if (context.hasCombinedValidationContext()) {
            context.getCombinedValidationContextBuilder()
                    .getValidationContextSdsSecretConfigBuilder()
                    .clearSdsConfig();
        }
    }

    private static void inline(FilterChain.Builder chain, Snapshot snapshot) throws InvalidProtocolBufferException {
        Any context = chain.getTransportSocket().getTypedConfig();
        if (context.is(DownstreamTlsContext.class)) {
            DownstreamTlsContext.Builder downstream = context.unpack(DownstreamTlsContext.class).toBuilder();
            ownSecrets(downstream.getCommonTlsContextBuilder());
            chain.getTransportSocketBuilder().setTypedConfig(Any.pack(downstream.build()));
        }
        for (Filter.Builder filter : chain.getFiltersBuilderList()) {
            if (filter.getTypedConfig().is(HttpConnectionManager.class)) {
                HttpConnectionManager manager = filter.getTypedConfig().unpack(HttpConnectionManager.class);
                VersionedResource routes =
                        snapshot.of(ResourceType.ROUTE).get(manager.getRds().getRouteConfigName());
                if (manager.hasRds() && routes != null) {
                    filter.setTypedConfig(Any.pack(manager.toBuilder()
                            .setRouteConfig(routes.body().unpack(RouteConfiguration.class))
                            .build()));
                }
            }
        }
    }
}
