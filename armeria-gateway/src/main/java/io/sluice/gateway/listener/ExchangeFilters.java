package io.sluice.gateway.listener;

import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.TerminalFilter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The filters at work on one exchange, by their places in the chain. Those that the route turns off are not there. */
final class ExchangeFilters {
    private final FilterChain chain;
    private final List<HttpFilterFactory> factories;
    private final @Nullable HttpFilter[] filters;
    private @Nullable TerminalFilter terminal;

    ExchangeFilters(FilterChain chain) {
        this.chain = chain;
        factories = chain.filters();
        filters = new HttpFilter[factories.size()];
    }

    void create(Exchange exchange, @Nullable Route route) {
        for (int i = 0; i < filters.length; i++) {
            if (route == null || !Route.DISABLED.equals(route.configs().get(i))) {
                filters[i] = factories.get(i).create(exchange, i);
            }
        }
        terminal = chain.terminal().create(exchange);
    }

    int size() {
        return filters.length;
    }

    /** Null where nobody there takes part in the phase. */
    @Nullable
    HttpFilter at(int place, HttpFilterFactory.Phase phase) {
        HttpFilter filter = filters[place];
        return filter != null && factories.get(place).phases().contains(phase) ? filter : null;
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
