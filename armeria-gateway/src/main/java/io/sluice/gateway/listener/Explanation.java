package io.sluice.gateway.listener;

import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.filter.Route;
import java.util.List;
import java.util.Optional;

/**
 * What one port would do with a request, and why.
 *
 * @param address where it listens
 * @param chain name of the filter chain; empty where it has none
 * @param method as every later field, behind the entry rules, which may change it
 * @param answer what the gateway says itself before any upstream is asked; filters may still answer first
 * @param host empty where none is for the authority
 * @param routes of the host, in their order: the first that has nothing unmet is taken
 * @param domains where there is no virtual host: those that there are
 * @param filters in the order in which requests pass them
 * @param clusters to which the request may go; with several, chance decides by their weights
 */
public record Explanation(
        String listener,
        String address,
        String chain,
        String method,
        String authority,
        String path,
        Optional<Answer> answer,
        Optional<Host> host,
        List<Tried> routes,
        List<String> domains,
        List<Filter> filters,
        List<Target> clusters) {
    public Explanation {
        routes = List.copyOf(routes);
        domains = List.copyOf(domains);
        filters = List.copyOf(filters);
        clusters = List.copyOf(clusters);
    }

    /** @param domain by which it was found, as it is written */
    public record Host(String name, String domain) {}

    /**
     * A route of the virtual host.
     *
     * @param match all that it asks for
     * @param unmet the first condition that the request does not meet; empty where it meets all
     */
    public record Tried(Route route, String match, String unmet) {}

    /** @param why Envoy's response code details, and more where they say little */
    public record Answer(int status, String why) {}

    /**
     * @param on whether it takes part in the request
     * @param ownConfig whether route, virtual host or table have a configuration of it
     * @param inputs what it would go by: nothing is spent, fetched or asked for it
     */
    public record Filter(String name, boolean on, boolean ownConfig, List<String> inputs) {
        public Filter {
            inputs = List.copyOf(inputs);
        }
    }

    /**
     * @param name empty where a header names it and does not
     * @param known whether there is such a cluster
     */
    public record Target(String name, long weight, boolean known, List<LiveEndpoint> endpoints) {
        public Target {
            endpoints = List.copyOf(endpoints);
        }
    }
}
