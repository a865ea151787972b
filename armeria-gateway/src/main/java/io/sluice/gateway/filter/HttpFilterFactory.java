package io.sluice.gateway.filter;

import java.util.List;
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

    /** The chain takes requests from now on. Called whenever a listener takes it up; does not block. */
    default void goLive() {}

    /**
     * What the filter would go by for a request, in words that people read. Nothing is spent, fetched, counted or asked for it. Blocks not;
     * any thread.
     *
     * @param asked which can only be read; what filters before this one would have found out stands in its metadata
     */
    default List<String> explain(Exchange asked, int place) {
        return List.of();
    }

    enum Phase {
        REQUEST_HEADERS(1),
        REQUEST_DATA(2),
        REQUEST_TRAILERS(4),
        RESPONSE_HEADERS(8),
        RESPONSE_DATA(16),
        RESPONSE_TRAILERS(32);

        private final int bit;

        Phase(int bit) {
            this.bit = bit;
        }

        /** In masks of several phases. */
        public int bit() {
            return bit;
        }
    }
}
