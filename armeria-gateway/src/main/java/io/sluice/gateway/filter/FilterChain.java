package io.sluice.gateway.filter;

import io.sluice.gateway.filter.HttpFilterFactory.Phase;
import java.util.List;
import java.util.Set;

/** The filters of a connection manager in order, and the one that ends the chain. Immutable. */
public final class FilterChain {
    private final List<HttpFilterFactory> filters;
    private final Set<Integer> off;
    private final TerminalFilter.Factory terminal;
    private final int[] masks;

    /** @param off places of filters that work only where a route's configuration names them */
    public FilterChain(List<HttpFilterFactory> filters, Set<Integer> off, TerminalFilter.Factory terminal) {
        this.filters = List.copyOf(filters);
        this.off = Set.copyOf(off);
        this.terminal = terminal;
        masks = filters.stream().mapToInt(FilterChain::mask).toArray();
    }

    private static int mask(HttpFilterFactory filter) {
        int mask = 0;
        for (Phase phase : filter.phases()) {
            mask |= phase.bit();
        }
        return mask;
    }

    public int size() {
        return masks.length;
    }

    public HttpFilterFactory filter(int place) {
        return filters.get(place);
    }

    /** A {@link Phase#bit} for each phase that the filter takes part in. */
    public int mask(int place) {
        return masks[place];
    }

    /** Whether the filter works only where a route's configuration names it. */
    public boolean isOff(int place) {
        return off.contains(place);
    }

    /** The chain takes requests from now on. */
    public void goLive() {
        filters.forEach(HttpFilterFactory::goLive);
    }

    public TerminalFilter.Factory terminal() {
        return terminal;
    }
}
