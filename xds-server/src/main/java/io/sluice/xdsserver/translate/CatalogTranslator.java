package io.sluice.xdsserver.translate;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.Service;
import io.sluice.xdsserver.translate.filter.FilterScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Catalog in, Envoy's resources out: a pure function, so that equal catalogs make equal bytes on every replica. */
public final class CatalogTranslator {
    private final SharedServices shared;
    private final SharedClusterTranslator sharedClusters;

    public CatalogTranslator(SharedServices shared) {
        this.shared = shared;
        sharedClusters = new SharedClusterTranslator(shared);
    }

    /** What the nodes of a group get: their listeners, the routes on these, and the services to which the routes lead. */
    public Translation translate(Catalog catalog, NodeGroup group) {
        List<Problem> problems = new ArrayList<>();
        FilterScope scope = new FilterScope(
                group.kind() == NodeGroup.Kind.GATEWAY, shared.rateLimit().isPresent());
        ListenerTranslator listenerTranslator = new ListenerTranslator(scope, sharedClusters.zipkin(group));
        List<Cluster> clusters = new ArrayList<>(sharedClusters.translate(group));
        SortedMap<String, Service> known = known(catalog, clusters);
        RouteCheck check = new RouteCheck(group, scope, known.keySet(), problems);

        List<Listener> listeners = new ArrayList<>();
        List<RouteConfiguration> routes = new ArrayList<>();
        SortedMap<String, Service> used = new TreeMap<>();
        for (ListenerRule listener : catalog.listeners()) {
            if (!isFor(listener, group)) {
                continue;
            }
            List<RouteRule> rules = catalog.routes().stream()
                    .filter(rule -> isOn(rule, listener))
                    .map(check::orRefused)
                    .toList();
            listeners.add(listenerTranslator.translate(listener));
            routes.add(RouteTranslator.translate(listener.name(), rules));
            rules.forEach(rule -> use(rule, known, used));
        }
        List<ClusterLoadAssignment> endpoints = new ArrayList<>();
        for (Service service : used.values()) {
            clusters.add(ClusterTranslator.translate(service));
            endpoints.add(EndpointTranslator.translate(service, group.region()));
        }
        return new Translation(listeners, routes, clusters, endpoints, problems);
    }

    /** Our own clusters' names are taken. */
    private static SortedMap<String, Service> known(Catalog catalog, List<Cluster> taken) {
        SortedMap<String, Service> known = new TreeMap<>();
        catalog.services().forEach(service -> known.put(service.name(), service));
        taken.forEach(cluster -> known.remove(cluster.getName()));
        return known;
    }

    private static boolean isFor(ListenerRule listener, NodeGroup group) {
        boolean kind = switch (listener.nodes()) {
            case ANY -> true;
            case GATEWAY -> group.kind() == NodeGroup.Kind.GATEWAY;
            case ENVOY -> group.kind() == NodeGroup.Kind.ENVOY;
        };
        return kind && listener.region().map(group.region()::equals).orElse(true);
    }

    private static boolean isOn(RouteRule rule, ListenerRule listener) {
        return rule.listeners().isEmpty() || rule.listeners().contains(listener.name());
    }

    private static void use(RouteRule rule, Map<String, Service> known, Map<String, Service> used) {
        if (rule.action() instanceof RouteRule.Action.Forward forward) {
            for (RouteRule.Target target : forward.targets()) {
                Service service = known.get(target.service());
                if (service != null) {
                    used.put(service.name(), service);
                }
            }
        }
    }
}
