package io.sluice.sync.model;

import java.util.Comparator;
import java.util.List;

/**
 * Everything one source knows at one moment. Names are unique per kind. Services and listeners are sorted by name; routes are in the
 * order in which they match, and every service, listener and provider that a route names is here.
 *
 * @param problems what was refused and left out; the rest of the catalog is in force
 */
public record Catalog(
        List<Service> services,
        List<ListenerRule> listeners,
        List<RouteRule> routes,
        List<TokenProvider> providers,
        List<Problem> problems) {
    public static final Catalog EMPTY = new Catalog(List.of(), List.of(), List.of(), List.of());

    public Catalog {
        services = services.stream().sorted(Comparator.comparing(Service::name)).toList();
        listeners = listeners.stream()
                .sorted(Comparator.comparing(ListenerRule::name))
                .toList();
        routes = List.copyOf(routes);
        providers = providers.stream()
                .sorted(Comparator.comparing(TokenProvider::name))
                .toList();
        problems = List.copyOf(problems);
    }

    /** Without providers. */
    public Catalog(
            List<Service> services, List<ListenerRule> listeners, List<RouteRule> routes, List<Problem> problems) {
        this(services, listeners, routes, List.of(), problems);
    }
}
