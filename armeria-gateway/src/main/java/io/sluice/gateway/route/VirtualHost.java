package io.sluice.gateway.route;

import java.util.List;

/**
 * Routes of some hosts, in the order in which they match.
 *
 * @param domains exact, {@code *.suffix}, {@code prefix.*} or {@code *}
 */
public record VirtualHost<T>(String name, List<String> domains, TlsRequirement tls, List<Entry<T>> routes) {
    public VirtualHost {
        domains = List.copyOf(domains);
        routes = List.copyOf(routes);
    }

    public record Entry<T>(RouteMatch match, T target) {}

    /** Which requests without TLS are sent to https. */
    public enum TlsRequirement {
        NONE,
        EXTERNAL_ONLY,
        ALL
    }
}
