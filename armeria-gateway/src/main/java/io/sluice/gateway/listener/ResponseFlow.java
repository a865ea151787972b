package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory.Phase;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * An answer on its way through the filters, from the last to the first, and out. What arrives while a filter pauses waits here; the upstream is
 * not read while the caller does not read.
 */
final class ResponseFlow {
    private static final int UNREAD_BYTES = 128 * 1024;

    private final ServerExchange exchange;
    private final ExchangeFilters filters;
    private final DownstreamStream stream;
    private final boolean http1;
    private final Deque<Part> waiting = new ArrayDeque<>(2);
    private int at;
    private boolean paused;
    private boolean ended;
    private boolean upstreamPaused;
    private long unread;
    private long bytes;
    private long firstByteNanos;
    private @Nullable ResponseHeaders headers;
    private @Nullable HttpHeaders trailers;

    ResponseFlow(ServerExchange exchange, ExchangeFilters filters, DownstreamStream stream) {
        this.exchange = exchange;
        this.filters = filters;
        this.stream = stream;
        http1 = stream.isHttp1();
    }

    private sealed interface Part {
        record Head(ResponseHeadersBuilder headers, boolean end) implements Part {}

        record Piece(HttpData data, boolean end) implements Part {}

        record Tail(HttpHeaders trailers) implements Part {}
    }

    /** Null before they went out. */
    @Nullable
    ResponseHeaders headers() {
        return headers;
    }

    @Nullable
    HttpHeaders trailers() {
        return trailers;
    }

    /** Whether the last of it went out. */
    boolean isEnded() {
        return ended;
    }

    /** Of the body, so far. */
    long bytes() {
        return bytes;
    }

    long firstByteNanos() {
        return firstByteNanos;
    }

    void head(ResponseHeadersBuilder builder, boolean end) {
        pass(new Part.Head(builder, end));
    }

    void data(HttpData data, boolean end) {
        if (exchange.isEnded()) {
            data.close();
        } else {
            pass(new Part.Piece(data, end));
        }
    }

    void trailers(HttpHeaders last) {
        pass(new Part.Tail(last));
    }

    void resume() {
        if (paused) {
            paused = false;
            run();
        }
    }

    /** The exchange is over: what waits is dropped. */
    void drop() {
        for (Part part : waiting) {
            if (part instanceof Part.Piece piece) {
                piece.data().close();
            }
        }
        waiting.clear();
    }

    private void pass(Part part) {
        exchange.touched();
        if (exchange.isEnded()) {
            return;
        }
        boolean first = waiting.isEmpty();
        if (first && filters.size() == 0) {
            write(part);
            return;
        }
        waiting.add(part);
        if (first && !paused) {
            at = filters.size() - 1;
            run();
        }
    }

    private void run() {
        while (!waiting.isEmpty()) {
            Part part = waiting.element();
            while (at >= 0) {
                HttpFilter.Next next = filter(at--, part);
                if (exchange.isEnded()) {
                    return;
                }
                if (next == HttpFilter.Next.PAUSE) {
                    paused = true;
                    return;
                }
            }
            waiting.remove();
            at = filters.size() - 1;
            write(part);
        }
    }

    private HttpFilter.Next filter(int place, Part part) {
        HttpFilter filter = filters.at(
                place,
                switch (part) {
                    case Part.Head head -> Phase.RESPONSE_HEADERS;
                    case Part.Piece piece -> Phase.RESPONSE_DATA;
                    case Part.Tail tail -> Phase.RESPONSE_TRAILERS;
                });
        if (filter == null) {
            return HttpFilter.Next.CONTINUE;
        }
        return switch (part) {
            case Part.Head head -> filter.onResponseHeaders(exchange, head.headers(), head.end());
            case Part.Piece piece -> filter.onResponseData(exchange, piece.data(), piece.end());
            case Part.Tail tail -> filter.onResponseTrailers(exchange, tail.trailers());
        };
    }

    private void write(Part part) {
        switch (part) {
            case Part.Head head -> {
                ResponseHeaders out = exchange.finish(head.headers().endOfStream(head.end()), head.end());
                headers = out;
                firstByteNanos = System.nanoTime();
                ended = head.end();
                stream.headers(out, ended);
            }
            case Part.Piece piece -> {
                int length = piece.data().length();
                bytes += length;
                ended = piece.end();
                stream.data(piece.data(), ended);
                if (!ended) {
                    holdBack(length);
                }
            }
            case Part.Tail tail -> {
                trailers = tail.trailers();
                ended = true;
                if (http1) {
                    stream.data(HttpData.empty(), true); // Envoy drops HTTP/1's
                } else {
                    stream.trailers(trailers);
                }
            }
        }
    }

    private void holdBack(int length) {
        unread += length;
        if (unread < UNREAD_BYTES || upstreamPaused || !exchange.hasCall()) {
            return;
        }
        upstreamPaused = true;
        filters.terminal().pauseResponse();
        stream.whenSent(this::caughtUp);
    }

    private void caughtUp() {
        exchange.touched();
        unread = 0;
        upstreamPaused = false;
        if (!ended && !exchange.isEnded()) {
            filters.terminal().resumeResponse();
        }
    }
}
