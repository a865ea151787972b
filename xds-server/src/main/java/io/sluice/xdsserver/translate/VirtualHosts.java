package io.sluice.xdsserver.translate;

import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.sluice.sync.model.RouteRule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** Rules by host, so that among all rules the first that matches decides, whatever hosts the others name. */
final class VirtualHosts {
    private final List<RouteRule> rules;
    private final List<Route> routes;

    /** Places of the rules that name a host exactly, by that host; every other rule may be met on several domains. */
    private final Map<String, List<Integer>> exact = new HashMap<>();

    private final List<Integer> broad = new ArrayList<>();
    private final Map<String, HostPattern> domains = new TreeMap<>();

    private VirtualHosts(List<RouteRule> rules, Function<RouteRule, Route> translate) {
        this.rules = rules;
        routes = rules.stream().map(translate).toList();
        for (int i = 0; i < rules.size(); i++) {
            boolean wide = false;
            for (HostPattern host : patterns(rules.get(i))) {
                domains.put(host.domain(), new HostPattern(host.kind(), host.text(), ""));
                if (host.kind() == HostPattern.Kind.EXACT) {
                    exact.computeIfAbsent(host.text(), text -> new ArrayList<>())
                            .add(i);
                } else {
                    wide = true;
                }
            }
            if (wide) {
                broad.add(i);
            }
        }
    }

    /** Domains with equal routes share a virtual host, which is named after the first of them. */
    static List<VirtualHost> of(List<RouteRule> rules, Function<RouteRule, Route> translate) {
        return new VirtualHosts(rules, translate).build();
    }

    private List<VirtualHost> build() {
        Map<List<Route>, List<String>> byRoutes = new LinkedHashMap<>();
        domains.values()
                .forEach(domain -> byRoutes.computeIfAbsent(routes(domain), routesThere -> new ArrayList<>())
                        .add(domain.domain()));
        List<VirtualHost> hosts = new ArrayList<>();
        byRoutes.forEach((routesThere, names) -> hosts.add(VirtualHost.newBuilder()
                .setName(names.get(0))
                .addAllDomains(names)
                .addAllRoutes(routesThere)
                .build()));
        return hosts;
    }

    private List<Route> routes(HostPattern domain) {
        List<Route> met = new ArrayList<>();
        for (int place : candidates(domain)) {
            for (List<HeaderMatcher> conditions : conditions(rules.get(place), domain)) {
                met.add(under(conditions, routes.get(place)));
            }
        }
        return met;
    }

    /** In the order of the rules. */
    private List<Integer> candidates(HostPattern domain) {
        List<Integer> named =
                domain.kind() == HostPattern.Kind.EXACT ? exact.getOrDefault(domain.text(), List.of()) : List.of();
        if (named.isEmpty()) {
            return broad;
        }
        Set<Integer> both = new TreeSet<>(broad);
        both.addAll(named);
        return List.copyOf(both);
    }

    /** One route for each of the rule's hosts that is met in part, or one in all where a host is met without condition. */
    private static Set<List<HeaderMatcher>> conditions(RouteRule rule, HostPattern domain) {
        Set<List<HeaderMatcher>> all = new LinkedHashSet<>();
        for (HostPattern host : patterns(rule)) {
            Optional<List<HeaderMatcher>> conditions = host.within(domain);
            if (conditions.isPresent() && conditions.get().isEmpty()) {
                return Set.of(List.of());
            }
            conditions.ifPresent(all::add);
        }
        return all;
    }

    private static Route under(List<HeaderMatcher> conditions, Route route) {
        if (conditions.isEmpty()) {
            return route;
        }
        Route.Builder narrowed = route.toBuilder();
        narrowed.getMatchBuilder().addAllHeaders(conditions);
        return narrowed.build();
    }

    private static List<HostPattern> patterns(RouteRule rule) {
        return rule.hosts().stream().map(HostPattern::parse).toList();
    }
}
