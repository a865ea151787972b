package io.sluice.sync.model;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Everything one source knows at one moment. Names are unique per kind. Services and listeners are sorted by name; routes are in the
 * order in which they match, and every service, listener and provider that a route names is here. A certificate that a listener or a policy
 * names may be missing: whoever needs it waits for it.
 *
 * @param problems what was refused and left out; the rest of the catalog is in force
 */
public record Catalog(
        List<Service> services,
        List<ListenerRule> listeners,
        List<RouteRule> routes,
        List<TokenProvider> providers,
        List<Certificate> certificates,
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
        certificates = certificates.stream()
                .sorted(Comparator.comparing(Certificate::name))
                .toList();
        problems = List.copyOf(problems);
    }

    /** The same with these certificates, and with further problems. */
    public Catalog withCertificates(List<Certificate> others, List<Problem> further) {
        return new Catalog(
                services,
                listeners,
                routes,
                providers,
                others,
                Stream.concat(problems.stream(), further.stream()).toList());
    }

    /** Without providers and certificates. */
    public Catalog(
            List<Service> services, List<ListenerRule> listeners, List<RouteRule> routes, List<Problem> problems) {
        this(services, listeners, routes, List.of(), List.of(), problems);
    }
}
