package io.sluice.xdsserver.snapshot;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.sluice.xdsserver.translate.Translation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Whether everything that a resource names is there, and each name once. Envoy's own library has no such check that works. */
final class SnapshotCheck {
    private final Set<String> routes;
    private final Set<String> clusters;
    private final Set<String> endpoints;
    private final List<String> found = new ArrayList<>();

    private SnapshotCheck(Translation translation) {
        routes = names(
                "route configuration",
                translation.routes().stream().map(RouteConfiguration::getName).toList());
        clusters = names(
                "cluster", translation.clusters().stream().map(Cluster::getName).toList());
        endpoints = names(
                "endpoints",
                translation.endpoints().stream()
                        .map(ClusterLoadAssignment::getClusterName)
                        .toList());
        names(
                "listener",
                translation.listeners().stream().map(Listener::getName).toList());
    }

    /** One line per name that leads nowhere or stands twice; empty for a translation that may be published. */
    static List<String> danglingReferences(Translation translation) {
        SnapshotCheck check = new SnapshotCheck(translation);
        translation.listeners().forEach(check::listener);
        translation.routes().forEach(check::table);
        translation.clusters().forEach(check::cluster);
        return List.copyOf(check.found);
    }

    private Set<String> names(String kind, List<String> all) {
        Set<String> names = new HashSet<>();
        for (String name : all) {
            if (!names.add(name)) {
                found.add(kind + " '" + name + "': there are two");
            }
        }
        return names;
    }

    private void need(String where, String kind, Set<String> known, String name) {
        if (!known.contains(name)) {
            found.add(where + ": no " + kind + " '" + name + "'");
        }
    }

    private void listener(Listener listener) {
        String where = "listener '" + listener.getName() + "'";
        for (FilterChain chain : listener.getFilterChainsList()) {
            chain.getFiltersList().forEach(filter -> networkFilter(where, filter.getTypedConfig()));
        }
        listener.getDefaultFilterChain()
                .getFiltersList()
                .forEach(filter -> networkFilter(where, filter.getTypedConfig()));
    }

    private void networkFilter(String where, Any config) {
        if (!config.is(HttpConnectionManager.class)) {
            return;
        }
        HttpConnectionManager manager = unpack(config, HttpConnectionManager.class);
        if (manager.hasRds()) {
            need(where, "route configuration", routes, manager.getRds().getRouteConfigName());
        } else {
            table(manager.getRouteConfig());
        }
        Any tracer = manager.getTracing().getProvider().getTypedConfig();
        if (tracer.is(ZipkinConfig.class)) {
            need(where, "cluster", clusters, unpack(tracer, ZipkinConfig.class).getCollectorCluster());
        }
        for (HttpFilter filter : manager.getHttpFiltersList()) {
            if (filter.getTypedConfig().is(RateLimit.class)) {
                String service = unpack(filter.getTypedConfig(), RateLimit.class)
                        .getRateLimitService()
                        .getGrpcService()
                        .getEnvoyGrpc()
                        .getClusterName();
                need(where + " filter '" + filter.getName() + "'", "cluster", clusters, service);
            }
        }
    }

    private void table(RouteConfiguration table) {
        Set<String> used = table.getVirtualHostsList().stream()
                .map(VirtualHost::getRoutesList)
                .flatMap(List::stream)
                .filter(Route::hasRoute)
                .map(Route::getRoute)
                .flatMap(action -> clusters(action).stream())
                .collect(Collectors.toCollection(TreeSet::new));
        used.forEach(name -> need("route configuration '" + table.getName() + "'", "cluster", clusters, name));
    }

    private static List<String> clusters(RouteAction action) {
        List<String> names = new ArrayList<>();
        if (action.hasCluster()) {
            names.add(action.getCluster());
        }
        action.getWeightedClusters().getClustersList().stream()
                .map(WeightedCluster.ClusterWeight::getName)
                .forEach(names::add);
        action.getRequestMirrorPoliciesList().forEach(mirror -> names.add(mirror.getCluster()));
        return names;
    }

    private void cluster(Cluster cluster) {
        if (cluster.getType() == Cluster.DiscoveryType.EDS) {
            String service = cluster.getEdsClusterConfig().getServiceName();
            need(
                    "cluster '" + cluster.getName() + "'",
                    "endpoints",
                    endpoints,
                    service.isEmpty() ? cluster.getName() : service);
        }
    }

    private static <T extends Message> T unpack(Any any, Class<T> type) {
        try {
            return any.unpack(type);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException(any.getTypeUrl() + ": not readable", e);
        }
    }
}
