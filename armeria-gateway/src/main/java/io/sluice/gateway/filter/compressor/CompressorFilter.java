package io.sluice.gateway.filter.compressor;

import com.google.common.base.Ascii;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.micrometer.core.instrument.Counter;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.Piece;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.compressor} with gzip: answers of callers who want it so, and requests where they are configured. */
final class CompressorFilter implements HttpFilter {
    private static final int SWITCHING_PROTOCOLS = 101;

    private final Settings settings;
    private final int place;
    private String accepted = "";
    private boolean acceptsNothing;
    private @Nullable Gzip request;
    private @Nullable Gzip response;

    private CompressorFilter(Settings settings, int place) {
        this.settings = settings;
        this.place = place;
    }

    record Settings(int level, int strategy, @Nullable Direction request, Direction response, ForResponse options) {}

    /**
     * @param types of content; those without any are compressed too
     * @param minLength where a length is known
     */
    record Direction(boolean enabled, long minLength, Set<String> types, Stats stats) {
        Direction {
            types = Set.copyOf(types);
        }
    }

    record ForResponse(boolean notWithEtag, boolean removeAcceptEncoding, Set<Integer> uncompressible) {
        ForResponse {
            uncompressible = Set.copyOf(uncompressible);
        }
    }

    record Stats(Counter compressed, Counter notCompressed, Counter bytesIn, Counter bytesOut) {}

    /** @param removeAcceptEncoding null leaves the filter's */
    record PerRoute(boolean off, @Nullable Boolean removeAcceptEncoding) {}

    record Factory(String name, Settings settings) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return settings.request() == null
                    ? EnumSet.of(
                            Phase.REQUEST_HEADERS, Phase.RESPONSE_HEADERS, Phase.RESPONSE_DATA, Phase.RESPONSE_TRAILERS)
                    : EnumSet.allOf(Phase.class);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new CompressorFilter(settings, place);
        }
    }

    // --- requests

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        List<String> values = headers.getAll(HttpHeaderNames.ACCEPT_ENCODING);
        acceptsNothing = values.isEmpty();
        accepted = String.join(",", values);
        PerRoute route = exchange.routeConfig(place) instanceof PerRoute given ? given : new PerRoute(false, null);
        boolean remove = route.removeAcceptEncoding() == null
                ? settings.options().removeAcceptEncoding()
                : route.removeAcceptEncoding();
        boolean answers = settings.response().enabled() && !route.off();
        if (answers && remove) {
            headers.remove(HttpHeaderNames.ACCEPT_ENCODING);
        }
        Direction direction = settings.request();
        if (direction == null || !direction.enabled() || end) {
            return Next.CONTINUE;
        }
        if (isLongEnough(headers, direction)
                && isOfType(headers, direction)
                && !headers.contains(HttpHeaderNames.CONTENT_ENCODING)) {
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
            headers.set(HttpHeaderNames.CONTENT_ENCODING, "gzip");
            request = new Gzip(settings.level(), settings.strategy());
            direction.stats().compressed().increment();
        } else {
            direction.stats().notCompressed().increment();
        }
        return Next.CONTINUE;
    }

    @Override
    public Next onRequestData(Exchange exchange, Piece piece) {
        if (request != null && settings.request() != null) {
            compress(request, piece, settings.request());
        }
        return Next.CONTINUE;
    }

    @Override
    public Next onRequestTrailers(Exchange exchange, HttpHeadersBuilder trailers) {
        if (request != null && settings.request() != null) {
            end(request, settings.request(), exchange, Exchange::addRequestData);
        }
        return Next.CONTINUE;
    }

    // --- answers

    @Override
    public Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        Direction direction = settings.response();
        boolean off = exchange.routeConfig(place) instanceof PerRoute route && route.off();
        boolean may = direction.enabled()
                && !off
                && isLongEnough(headers, direction)
                && headers.status().code() != SWITCHING_PROTOCOLS
                && !settings.options()
                        .uncompressible()
                        .contains(headers.status().code())
                && isOfType(headers, direction)
                && !Ascii.toLowerCase(headers.get(HttpHeaderNames.CACHE_CONTROL, ""))
                        .contains("no-transform")
                && !(settings.options().notWithEtag() && headers.contains(HttpHeaderNames.ETAG))
                && !headers.contains(HttpHeaderNames.CONTENT_ENCODING);
        if (may && !end && !acceptsNothing && AcceptEncoding.prefersGzip(accepted)) {
            String etag = headers.get(HttpHeaderNames.ETAG, "");
            if (etag.length() > 2 && !Ascii.toLowerCase(etag).startsWith("w/")) {
                headers.remove(HttpHeaderNames.ETAG);
            }
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
            headers.set(HttpHeaderNames.CONTENT_ENCODING, "gzip");
            response = new Gzip(settings.level(), settings.strategy());
            direction.stats().compressed().increment();
        } else if (direction.enabled() && !off) {
            direction.stats().notCompressed().increment();
        }
        if (may) {
            vary(headers);
        }
        return Next.CONTINUE;
    }

    private static void vary(ResponseHeadersBuilder headers) {
        String before = headers.get(HttpHeaderNames.VARY, "");
        if (before.isEmpty()) {
            headers.set(HttpHeaderNames.VARY, "Accept-Encoding");
        } else if (!before.contains("Accept-Encoding") && !before.contains("*")) {
            headers.set(HttpHeaderNames.VARY, before + ", Accept-Encoding");
        }
    }

    @Override
    public Next onResponseData(Exchange exchange, Piece piece) {
        if (response != null) {
            compress(response, piece, settings.response());
        }
        return Next.CONTINUE;
    }

    @Override
    public Next onResponseTrailers(Exchange exchange, HttpHeadersBuilder trailers) {
        if (response != null) {
            end(response, settings.response(), exchange, Exchange::addResponseData);
        }
        return Next.CONTINUE;
    }

    // --- both

    private static boolean isLongEnough(HttpHeadersBuilder headers, Direction direction) {
        String length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
        if (length == null) {
            return true;
        }
        try {
            return Long.parseLong(length) >= direction.minLength();
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static boolean isOfType(HttpHeadersBuilder headers, Direction direction) {
        String type = headers.get(HttpHeaderNames.CONTENT_TYPE, "");
        int end = type.indexOf(';');
        return type.isEmpty()
                || direction.types().isEmpty()
                || direction.types().contains((end < 0 ? type : type.substring(0, end)).strip());
    }

    private static void compress(Gzip gzip, Piece piece, Direction direction) {
        HttpData out = piece.isEnd() ? gzip.last(piece.data()) : gzip.piece(piece.data());
        direction.stats().bytesIn().increment(piece.data().length());
        direction.stats().bytesOut().increment(out.length());
        piece.replace(out);
    }

    private static void end(Gzip gzip, Direction direction, Exchange exchange, BiConsumer<Exchange, HttpData> add) {
        HttpData last = gzip.last(HttpData.empty());
        direction.stats().bytesOut().increment(last.length());
        add.accept(exchange, last);
    }

    @Override
    public void onComplete(Exchange exchange) {
        if (request != null) {
            request.close();
        }
        if (response != null) {
            response.close();
        }
    }
}
