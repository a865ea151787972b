package io.sluice.gateway.filter;

import java.util.Set;

/** A filter as configured: immutable, compiled once, shared by all exchanges of all event loops. */
public interface HttpFilterFactory {

    /** Envoy's name for it in the chain; per-route configuration refers to it. */
    String name();

    /** The phases the filter overrides; others cost nothing. */
    Set<Phase> phases();

    /**
     * The filter for one exchange. Per-route configuration is at {@link Exchange#routeConfig}.
     *
     * @param place of the filter in its chain
     */
    HttpFilter create(Exchange exchange, int place);

    enum Phase {
        REQUEST_HEADERS,
        REQUEST_DATA,
        REQUEST_TRAILERS,
        RESPONSE_HEADERS,
        RESPONSE_DATA,
        RESPONSE_TRAILERS
    }
}
