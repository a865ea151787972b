package io.sluice.gateway.filter.ratelimit;

import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.ratelimit.Descriptor;
import java.util.ArrayList;
import java.util.List;

/**
 * One entry of a route's {@code rate_limits}: the actions that make a descriptor.
 *
 * @param hits -1 where not said
 */
public record RouteLimit(int stage, List<DescriptorAction> actions, long hits) {
    public RouteLimit {
        actions = List.copyOf(actions);
    }

    /** Adds the request's descriptor, unless an action has nothing to say. */
    public void describe(Exchange exchange, List<Descriptor> descriptors) {
        var entries = new ArrayList<Descriptor.Entry>(actions.size());
        for (DescriptorAction action : actions) {
            if (!action.describe(exchange, entries)) {
                return;
            }
        }
        if (!entries.isEmpty()) {
            descriptors.add(new Descriptor(entries, null, hits));
        }
    }

    /**
     * What route and virtual host say; only of routes that lead to a cluster.
     *
     * @param includeVirtualHost both count, whatever the filter's per-route configuration says
     */
    public record OfRoute(List<RouteLimit> route, List<RouteLimit> virtualHost, boolean includeVirtualHost) {
        public OfRoute {
            route = List.copyOf(route);
            virtualHost = List.copyOf(virtualHost);
        }
    }

    /**
     * The filter's per-route configuration.
     *
     * @param limits replace those of route and virtual host unless empty
     * @param domain replaces the filter's unless empty
     */
    public record PerRoute(VirtualHostLimits virtualHost, List<RouteLimit> limits, String domain) {
        public static final PerRoute NONE = new PerRoute(VirtualHostLimits.OVERRIDE, List.of(), "");

        public PerRoute {
            limits = List.copyOf(limits);
        }

        /** Adds the descriptors of the limits that count, in Envoy's order. Per-route limits have no stage. */
        public void describe(OfRoute of, int stage, Exchange exchange, List<Descriptor> descriptors) {
            if (!limits.isEmpty()) {
                limits.forEach(limit -> limit.describe(exchange, descriptors));
                return;
            }
            boolean both = of.includeVirtualHost() || virtualHost == VirtualHostLimits.INCLUDE;
            boolean hostInstead =
                    virtualHost == VirtualHostLimits.OVERRIDE && of.route().isEmpty();
            describe(of.route(), stage, exchange, descriptors);
            if (both || hostInstead) {
                describe(of.virtualHost(), stage, exchange, descriptors);
            }
        }

        private static void describe(
                List<RouteLimit> limits, int stage, Exchange exchange, List<Descriptor> descriptors) {
            for (RouteLimit limit : limits) {
                if (limit.stage() == stage) {
                    limit.describe(exchange, descriptors);
                }
            }
        }
    }

    /** Whether a virtual host's limits count beside the route's. */
    public enum VirtualHostLimits {
        /** Only where the route has none. */
        OVERRIDE,
        INCLUDE,
        IGNORE
    }
}
