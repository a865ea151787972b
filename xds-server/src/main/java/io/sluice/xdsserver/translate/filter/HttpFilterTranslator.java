package io.sluice.xdsserver.translate.filter;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.sluice.sync.model.RouteRule;
import java.util.Map;
import java.util.Optional;

/** One HTTP filter: its place in the chain, and what routes say to it. */
interface HttpFilterTranslator {

    /** The filter, or empty where these nodes have no use for it. Depends on no route, so that a changed route never changes a listener. */
    Optional<HttpFilter> filter(FilterScope scope);

    /** Why the nodes cannot obey what the rule says to this filter. */
    default Optional<Refusal> refuse(RouteRule rule, FilterScope scope) {
        return Optional.empty();
    }

    /** Adds what the rule says to this filter. */
    default void translate(RouteRule rule, RouteAction.Builder action) {}

    /** What the rule says to this filter alone, by the filter's name. */
    default Optional<Map.Entry<String, Any>> perRoute(RouteRule rule) {
        return Optional.empty();
    }
}
