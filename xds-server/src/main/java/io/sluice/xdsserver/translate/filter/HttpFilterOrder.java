package io.sluice.xdsserver.translate.filter;

import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.sluice.sync.model.RouteRule;
import java.util.List;
import java.util.Optional;

/** Every filter that is sent, in the order in which requests meet them; the router is always last. */
public final class HttpFilterOrder {
    private static final List<HttpFilterTranslator> ORDER =
            List.of(new JwtAuthnFilterTranslator(), new RateLimitFilterTranslator(), new RouterFilterTranslator());

    private HttpFilterOrder() {}

    public static List<HttpFilter> chain(FilterScope scope) {
        return ORDER.stream()
                .map(filter -> filter.filter(scope))
                .flatMap(Optional::stream)
                .toList();
    }

    /** Why nodes cannot obey a rule: the first filter's reason. */
    public static Optional<Refusal> refuse(RouteRule rule, FilterScope scope) {
        return ORDER.stream()
                .map(filter -> filter.refuse(rule, scope))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** Adds what the rule says to single filters. */
    public static void perRoute(RouteRule rule, Route.Builder route) {
        ORDER.stream()
                .map(filter -> filter.perRoute(rule))
                .flatMap(Optional::stream)
                .forEach(config -> route.putTypedPerFilterConfig(config.getKey(), config.getValue()));
    }

    /** Adds what the rule says to the filters. */
    public static void translate(RouteRule rule, RouteAction.Builder action) {
        ORDER.forEach(filter -> filter.translate(rule, action));
    }
}
