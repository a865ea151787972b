package io.sluice.gateway.filter.buffer;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.Piece;
import java.util.EnumSet;
import java.util.Set;

/** Envoy's {@code envoy.filters.http.buffer}: no request goes on before all of it is there. */
final class BufferFilter implements HttpFilter {
    private final long maxBytes;
    private final int place;
    private boolean buffering;
    private long bytes;

    private BufferFilter(long maxBytes, int place) {
        this.maxBytes = maxBytes;
        this.place = place;
    }

    /** A route's own limit. */
    record PerRoute(long maxBytes) {
        static final PerRoute OFF = new PerRoute(-1);
    }

    record Factory(String name, long maxBytes) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(Phase.REQUEST_HEADERS, Phase.REQUEST_DATA, Phase.REQUEST_TRAILERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new BufferFilter(maxBytes, place);
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        PerRoute route = exchange.routeConfig(place) instanceof PerRoute given ? given : new PerRoute(maxBytes);
        if (end || route.equals(PerRoute.OFF)) {
            return Next.CONTINUE;
        }
        exchange.limitRequestBuffer(route.maxBytes());
        buffering = true;
        return Next.STOP_AND_BUFFER;
    }

    @Override
    public Next onRequestData(Exchange exchange, Piece piece) {
        if (!buffering) {
            return Next.CONTINUE;
        }
        bytes += piece.data().length();
        return piece.isEnd() ? whole(exchange) : Next.STOP_AND_BUFFER;
    }

    @Override
    public Next onRequestTrailers(Exchange exchange, HttpHeadersBuilder trailers) {
        return buffering ? whole(exchange) : Next.CONTINUE;
    }

    private Next whole(Exchange exchange) {
        if (!exchange.request().contains(HttpHeaderNames.CONTENT_LENGTH)) {
            exchange.request().set(HttpHeaderNames.CONTENT_LENGTH, String.valueOf(bytes));
        }
        return Next.CONTINUE;
    }
}
