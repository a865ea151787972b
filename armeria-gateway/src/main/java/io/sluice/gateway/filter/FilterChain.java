package io.sluice.gateway.filter;

import java.util.List;

/** The filters of a connection manager in order, and the one that ends the chain. Immutable. */
public record FilterChain(List<HttpFilterFactory> filters, TerminalFilter.Factory terminal) {
    public FilterChain {
        filters = List.copyOf(filters);
    }
}
