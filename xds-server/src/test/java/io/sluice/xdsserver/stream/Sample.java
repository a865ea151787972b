package io.sluice.xdsserver.stream;

import static java.util.stream.Collectors.joining;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.GenericSecret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Small resources whose bodies tell their version, so that what arrives can be read as {@code name@version}. */
final class Sample {
    private Sample() {}

    /** With endpoints of the same name. */
    static VersionedResource cluster(String name, String version) {
        return cluster(name, version, name);
    }

    static VersionedResource cluster(String name, String version, String endpoints) {
        Cluster.Builder cluster = Cluster.newBuilder()
                .setName(name)
                .setAltStatName(version)
                .setType(Cluster.DiscoveryType.EDS)
                .setEdsClusterConfig(
                        Cluster.EdsClusterConfig.newBuilder().setServiceName(endpoints.equals(name) ? "" : endpoints));
        return resource(ResourceType.CLUSTER, name, version, cluster.build());
    }

    static VersionedResource endpoints(String name, String version) {
        return resource(
                ResourceType.ENDPOINT,
                name,
                version,
                ClusterLoadAssignment.newBuilder()
                        .setClusterName(name)
                        .addEndpoints(LocalityLbEndpoints.newBuilder()
                                .setLocality(Locality.newBuilder().setRegion(version)))
                        .build());
    }

    /** Whose callers speak TLS. */
    static VersionedResource listener(String name, String version, String route, String secret) {
        DownstreamTlsContext context = DownstreamTlsContext.newBuilder()
                .setCommonTlsContext(CommonTlsContext.newBuilder()
                        .addTlsCertificateSdsSecretConfigs(
                                SdsSecretConfig.newBuilder().setName(secret)))
                .build();
        Listener.Builder plain = Listener.newBuilder();
        try {
            plain.mergeFrom(listener(name, version, route).body().getValue());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
        plain.getFilterChainsBuilder(0)
                .setTransportSocket(TransportSocket.newBuilder().setTypedConfig(Any.pack(context)));
        return resource(ResourceType.LISTENER, name, version, plain.build());
    }

    static VersionedResource listener(String name, String version, String route) {
        HttpConnectionManager manager = HttpConnectionManager.newBuilder()
                .setRds(Rds.newBuilder().setRouteConfigName(route))
                .build();
        return resource(
                ResourceType.LISTENER,
                name,
                version,
                Listener.newBuilder()
                        .setName(name)
                        .setStatPrefix(version)
                        .addFilterChains(FilterChain.newBuilder()
                                .addFilters(Filter.newBuilder().setTypedConfig(Any.pack(manager))))
                        .build());
    }

    static VersionedResource route(String name, String version, String... clusters) {
        VirtualHost.Builder host = VirtualHost.newBuilder().setName("all").addDomains("*");
        for (String cluster : clusters) {
            host.addRoutes(Route.newBuilder().setRoute(RouteAction.newBuilder().setCluster(cluster)));
        }
        return resource(
                ResourceType.ROUTE,
                name,
                version,
                RouteConfiguration.newBuilder()
                        .setName(name)
                        .addInternalOnlyHeaders(version)
                        .addVirtualHosts(host)
                        .build());
    }

    /** Any type, so small that nothing refers to anything. */
    static VersionedResource of(ResourceType type, String name, String version) {
        return switch (type) {
            case CLUSTER -> cluster(name, version);
            case ENDPOINT -> endpoints(name, version);
            case LISTENER -> listener(name, version, "r");
            case ROUTE -> route(name, version);
            case SECRET -> secret(name, version);
        };
    }

    static VersionedResource secret(String name, String version) {
        return resource(
                ResourceType.SECRET,
                name,
                version,
                Secret.newBuilder()
                        .setName(name)
                        .setGenericSecret(GenericSecret.newBuilder()
                                .setSecret(DataSource.newBuilder().setInlineString(version)))
                        .build());
    }

    private static VersionedResource resource(ResourceType type, String name, String version, Message message) {
        return new VersionedResource(type, name, version, Any.pack(message));
    }

    /** The version of a type says what is in it. */
    static Snapshot snapshot(VersionedResource... resources) {
        return snapshot(List.of(resources));
    }

    static Snapshot snapshot(Collection<VersionedResource> resources) {
        return next(new Snapshot(Map.of(), Map.of()), resources);
    }

    /** Which knows what is different from the one before. */
    static Snapshot next(Snapshot before, Collection<VersionedResource> resources) {
        Map<ResourceType, SortedMap<String, VersionedResource>> all = new EnumMap<>(ResourceType.class);
        Map<ResourceType, String> versions = new EnumMap<>(ResourceType.class);
        for (ResourceType type : ResourceType.values()) {
            SortedMap<String, VersionedResource> ofType = new TreeMap<>();
            resources.stream().filter(each -> each.type() == type).forEach(each -> ofType.put(each.name(), each));
            all.put(type, ofType);
            versions.put(
                    type,
                    ofType.values().stream()
                            .map(each -> each.name() + "@" + each.version())
                            .collect(joining(",", "v:", "")));
        }
        return before.next(all, versions);
    }

    /** {@code name@version}, from the body alone. */
    static String label(Any body) {
        try {
            if (body.is(Cluster.class)) {
                Cluster cluster = body.unpack(Cluster.class);
                return cluster.getName() + "@" + cluster.getAltStatName();
            } else if (body.is(ClusterLoadAssignment.class)) {
                ClusterLoadAssignment endpoints = body.unpack(ClusterLoadAssignment.class);
                return endpoints.getClusterName() + "@"
                        + endpoints.getEndpoints(0).getLocality().getRegion();
            } else if (body.is(Listener.class)) {
                Listener listener = body.unpack(Listener.class);
                return listener.getName() + "@" + listener.getStatPrefix();
            } else if (body.is(Secret.class)) {
                Secret secret = body.unpack(Secret.class);
                return secret.getName() + "@"
                        + secret.getGenericSecret().getSecret().getInlineString();
            }
            RouteConfiguration route = body.unpack(RouteConfiguration.class);
            return route.getName() + "@" + route.getInternalOnlyHeaders(0);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
