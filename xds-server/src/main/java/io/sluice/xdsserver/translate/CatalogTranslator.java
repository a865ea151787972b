package io.sluice.xdsserver.translate;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.TokenProvider;
import io.sluice.xdsserver.translate.filter.FilterScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Catalog in, Envoy's resources out: a pure function, so that equal catalogs make equal bytes on every replica. What a catalog has in common
 * with the one before is not translated again, so that a change costs what changed.
 */
public final class CatalogTranslator {
    private final NodeGroup group;
    private final NodeSettings settings;
    private final ListenerTranslator listenerTranslator;
    private final List<Cluster> sharedClusters;
    private Map<String, Called> services = Map.of();
    private Map<String, Table> tables = Map.of();

    /** A service, and what came of it. */
    private record Called(Service service, Cluster cluster, ClusterLoadAssignment endpoints) {}

    /** The rules on a listener, and what came of them. */
    private record Table(List<RouteRule> rules, RouteConfiguration routes) {}

    public CatalogTranslator(NodeSettings settings, NodeGroup group) {
        this.group = group;
        SharedClusterTranslator clusters = new SharedClusterTranslator(settings);
        this.settings = settings;
        listenerTranslator = new ListenerTranslator(clusters.zipkin(group), settings.accessLog());
        sharedClusters = clusters.translate(group);
    }

    /** What the nodes of the group get: their listeners, the routes on these, and the services to which the routes lead. One thread at a time. */
    public Translation translate(Catalog catalog) {
        List<Problem> problems = new ArrayList<>();
        SortedMap<String, Service> known = known(catalog);
        FilterScope scope = new FilterScope(
                group.kind() == NodeGroup.Kind.GATEWAY, settings.rateLimit().isPresent(), catalog.providers());
        RouteCheck check = new RouteCheck(group, scope, known.keySet(), problems);

        List<Listener> listeners = new ArrayList<>();
        List<RouteConfiguration> routes = new ArrayList<>();
        SortedMap<String, Service> used = new TreeMap<>();
        Set<String> certificates = new HashSet<>();
        Map<String, Table> newTables = new HashMap<>();
        for (ListenerRule listener : catalog.listeners()) {
            if (!isFor(listener)) {
                continue;
            }
            List<RouteRule> rules = catalog.routes().stream()
                    .filter(rule -> isOn(rule, listener))
                    .map(check::orRefused)
                    .toList();
            Table table = table(listener.name(), rules);
            newTables.put(listener.name(), table);
            listeners.add(listenerTranslator.translate(listener, scope));
            listener.tls().ifPresent(tls -> certificates.addAll(TlsTranslator.names(tls)));
            routes.add(table.routes());
            rules.forEach(rule -> use(rule, known, used));
        }
        if (!listeners.isEmpty()) {
            catalog.providers().forEach(provider -> use(provider, known, used));
        }
        List<Cluster> clusters = new ArrayList<>(sharedClusters);
        List<ClusterLoadAssignment> endpoints = new ArrayList<>();
        Map<String, Called> newServices = new HashMap<>();
        for (Service service : used.values()) {
            Called called = called(service);
            newServices.put(service.name(), called);
            clusters.add(called.cluster());
            endpoints.add(called.endpoints());
            service.policy().tls().ifPresent(tls -> certificates.addAll(TlsTranslator.names(tls)));
        }
        services = newServices;
        tables = newTables;
        return new Translation(
                listeners, routes, clusters, endpoints, secrets(catalog, certificates, problems), problems);
    }

    /** Only those that something of the group names. */
    private List<Secret> secrets(Catalog catalog, Set<String> named, List<Problem> problems) {
        List<Secret> secrets = new ArrayList<>();
        for (Certificate certificate : catalog.certificates()) {
            if (!named.contains(certificate.name())) {
                continue;
            }
            if (certificate.content() instanceof Certificate.Content.Own && !settings.keys()) {
                problems.add(new Problem(
                        group.toString(),
                        certificate.origin(),
                        "its key is not sent, since streams are in clear text and leave this host",
                        "the setting address 127.0.0.1, or clear-text-keys true"));
            } else {
                secrets.add(TlsTranslator.secret(certificate));
            }
        }
        return secrets;
    }

    private Table table(String listener, List<RouteRule> rules) {
        Table before = tables.get(listener);
        return before != null && before.rules().equals(rules)
                ? before
                : new Table(rules, RouteTranslator.translate(listener, rules));
    }

    private Called called(Service service) {
        Called before = services.get(service.name());
        if (before == null) {
            return new Called(
                    service,
                    ClusterTranslator.translate(service),
                    EndpointTranslator.translate(service, group.region()));
        }
        boolean samePolicy = before.service().policy().equals(service.policy());
        boolean sameInstances = before.service().instances().equals(service.instances());
        return new Called(
                service,
                samePolicy ? before.cluster() : ClusterTranslator.translate(service),
                sameInstances ? before.endpoints() : EndpointTranslator.translate(service, group.region()));
    }

    /** Our own clusters' names are taken. */
    private SortedMap<String, Service> known(Catalog catalog) {
        SortedMap<String, Service> known = new TreeMap<>();
        catalog.services().forEach(service -> known.put(service.name(), service));
        sharedClusters.forEach(cluster -> known.remove(cluster.getName()));
        return known;
    }

    private boolean isFor(ListenerRule listener) {
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

    private static void use(TokenProvider provider, Map<String, Service> known, Map<String, Service> used) {
        if (provider.keys() instanceof TokenProvider.Keys.Served served) {
            Service service = known.get(served.service());
            if (service != null) {
                used.put(service.name(), service);
            }
        }
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
