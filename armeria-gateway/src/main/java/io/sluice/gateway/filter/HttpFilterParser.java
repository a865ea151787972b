package io.sluice.gateway.filter;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.sluice.gateway.xds.Problems;
import java.util.List;
import java.util.Optional;

/** Turns one filter's messages into our types; found by type URL in the root package's list of filters. */
public interface HttpFilterParser {

    /** {@code type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}. */
    String typeUrl();

    /** The per-route message's type URL; empty where the filter has none. */
    default String routeTypeUrl() {
        return "";
    }

    /**
     * @param name the filter's name in the chain
     * @return empty when something was reported to {@code problems}
     */
    Optional<HttpFilterFactory> parse(String name, Any config, Problems problems);

    /**
     * As {@link #parse(String, Any, Problems)}, for filters that count.
     *
     * @param statPrefix of the connection manager
     */
    default Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        return parse(name, config, problems);
    }

    /** @return empty when it is no such message, which is reported */
    static <T extends Message> Optional<T> unpack(Any config, Class<T> type, Problems problems) {
        try {
            return Optional.of(config.unpack(type));
        } catch (InvalidProtocolBufferException e) {
            return problems.wrong(config.getTypeUrl(), String.valueOf(e.getMessage()));
        }
    }

    /** The filter's own per-route type, handed back by {@link Exchange#routeConfig}. */
    default Optional<Object> parseRoute(Any config, Problems problems) {
        return problems.unsupported("typed_per_filter_config", config.getTypeUrl());
    }

    /**
     * Which of the configurations along a route's levels holds, or what they are together; handed back by {@link Exchange#routeConfig}.
     *
     * @param levels at least one of those parsed by {@link #parseRoute}, the most specific first
     */
    default Object combine(List<Object> levels) {
        return levels.getFirst();
    }

    /**
     * What the filter reads from the route's and virtual host's own fields (rate_limits, cors, ...), handed back by {@link
     * Exchange#routeFields}. Called once per route.
     */
    default Optional<Object> parseRouteFields(VirtualHost virtualHost, Route route, Problems problems) {
        return Optional.empty();
    }
}
