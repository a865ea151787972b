package io.sluice.gateway.listener;

import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory.Phase;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.TerminalFilter;
import org.jspecify.annotations.Nullable;

/** The filters at work on one exchange, by their places in the chain. Those that are off for its route are not there. */
final class ExchangeFilters {
    private final FilterChain chain;
    private final @Nullable HttpFilter[] filters;
    private int anyMask;
    private @Nullable TerminalFilter terminal;

    ExchangeFilters(FilterChain chain) {
        this.chain = chain;
        filters = new HttpFilter[chain.size()];
    }

    boolean areCreated() {
        return terminal != null;
    }

    void create(Exchange exchange) {
        for (int i = 0; i < filters.length; i++) {
            if (takesPart(chain, exchange, i)) {
                filters[i] = chain.filter(i).create(exchange, i);
                anyMask |= chain.mask(i);
            }
        }
        terminal = chain.terminal().create(exchange);
    }

    static boolean takesPart(FilterChain chain, Exchange exchange, int place) {
        return exchange.route() == null ? !chain.isOff(place) : !Route.DISABLED.equals(exchange.routeConfig(place));
    }

    int size() {
        return filters.length;
    }

    /** Whether any filter takes part in the phase. */
    boolean any(Phase phase) {
        return (anyMask & phase.bit()) != 0;
    }

    /** Null where nobody there takes part in the phase. */
    @Nullable
    HttpFilter at(int place, Phase phase) {
        return (chain.mask(place) & phase.bit()) == 0 ? null : filters[place];
    }

    TerminalFilter terminal() {
        TerminalFilter last = terminal;
        if (last == null) {
            throw new IllegalStateException("the chain has not begun");
        }
        return last;
    }

    void complete(Exchange exchange) {
        for (HttpFilter filter : filters) {
            if (filter != null) {
                filter.onComplete(exchange);
            }
        }
    }
}
