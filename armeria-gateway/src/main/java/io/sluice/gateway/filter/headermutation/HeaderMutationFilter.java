package io.sluice.gateway.filter.headermutation;

import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.sluice.gateway.accesslog.Format;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.header_mutation}: the filter's own changes, then those of the route's levels. */
final class HeaderMutationFilter implements HttpFilter {
    private final Mutations own;
    private final boolean leastSpecificFirst;
    private final int place;

    private HeaderMutationFilter(Mutations own, boolean leastSpecificFirst, int place) {
        this.own = own;
        this.leastSpecificFirst = leastSpecificFirst;
        this.place = place;
    }

    /** Changes in the order in which they are made. */
    record Mutations(List<Change> request, List<QueryChange> query, List<Change> response) {
        Mutations {
            request = List.copyOf(request);
            query = List.copyOf(query);
            response = List.copyOf(response);
        }
    }

    /** Of a route's levels, the most specific first. */
    record Levels(List<Mutations> levels) {
        Levels {
            levels = List.copyOf(levels);
        }
    }

    sealed interface Change {
        record Remove(String name) implements Change {}

        record Add(HeaderMutations.Add header) implements Change {}
    }

    /** @param value null removes the parameter */
    record QueryChange(String name, @Nullable Format value, HeaderMutations.Append append) {}

    record Factory(String name, Mutations own, boolean leastSpecificFirst) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(Phase.REQUEST_HEADERS, Phase.RESPONSE_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new HeaderMutationFilter(own, leastSpecificFirst, place);
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        for (Mutations mutations : inOrder(exchange)) {
            apply(mutations.request(), headers, exchange);
            if (!mutations.query().isEmpty()) {
                headers.path(Query.of(headers.path())
                        .apply(mutations.query(), exchange)
                        .toString());
            }
        }
        return Next.CONTINUE;
    }

    @Override
    public Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        for (Mutations mutations : inOrder(exchange)) {
            apply(mutations.response(), headers, exchange);
        }
        return Next.CONTINUE;
    }

    private List<Mutations> inOrder(Exchange exchange) {
        if (!(exchange.routeConfig(place) instanceof Levels levels)) {
            return List.of(own);
        }
        List<Mutations> all = new ArrayList<>();
        all.add(own);
        all.addAll(leastSpecificFirst ? levels.levels().reversed() : levels.levels());
        return all;
    }

    private static void apply(List<Change> changes, HttpHeadersBuilder headers, Exchange exchange) {
        for (Change change : changes) {
            switch (change) {
                case Change.Remove remove -> headers.remove(remove.name());
                case Change.Add add -> add.header().apply(headers, exchange);
            }
        }
    }
}
