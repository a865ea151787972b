package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory.Phase;
import io.sluice.gateway.filter.LocalReply;
import org.jspecify.annotations.Nullable;

/**
 * An answer on its way through the filters, from the last to the first, and out. The upstream is not read while the caller does not read, or while
 * a filter has much of the answer wait.
 */
final class ResponseFlow extends FilterFlow {
    private static final int UNREAD_BYTES = 128 * 1024;

    /** The same of all answers on one connection. A hundred may have less than the 2 KiB of a first read, behind which comes one of 32. */
    private static final int UNREAD_BYTES_OF_CONNECTION = 192 * 1024;

    private final ServerExchange exchange;
    private final ExchangeFilters filters;
    private final DownstreamStream stream;
    private final long bufferLimit;
    private @Nullable ResponseHeadersBuilder forming;
    private boolean begun;
    private boolean ended;
    private boolean upstreamPaused;
    private boolean unsent;
    private long unread;
    private long bytes;
    private long firstByteNanos;
    private @Nullable ResponseHeaders headers;
    private @Nullable HttpHeaders trailers;

    ResponseFlow(ServerExchange exchange, ExchangeFilters filters, DownstreamStream stream, long bufferLimit) {
        super(filters);
        this.exchange = exchange;
        this.filters = filters;
        this.stream = stream;
        this.bufferLimit = bufferLimit;
    }

    /** Null before they went out. */
    @Nullable
    ResponseHeaders headers() {
        return headers;
    }

    /** As the filters have changed them so far; null before there were any, and when they went out. */
    @Nullable
    ResponseHeadersBuilder forming() {
        return forming;
    }

    @Nullable
    HttpHeaders trailers() {
        return trailers;
    }

    /** Whether the filters have begun to see an answer. */
    boolean hasBegun() {
        return begun;
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
        exchange.touched();
        begun = true;
        forming = builder;
        if (isFree(Phase.RESPONSE_HEADERS)) {
            writeHead(end);
        } else {
            pass(new Head(end));
        }
    }

    void data(HttpData data, boolean end) {
        exchange.touched();
        if (isFree(Phase.RESPONSE_DATA)) {
            writeBody(data, end);
        } else {
            pass(new Body(data, end));
            holdBack();
        }
    }

    void trailers(HttpHeaders last) {
        exchange.touched();
        if (isFree(Phase.RESPONSE_TRAILERS)) {
            writeTail(last);
        } else {
            pass(new Tail(last.toBuilder()));
        }
    }

    void goOn(int place) {
        resume(place);
        letFlow();
    }

    /** In place of an answer that filters hold: what they have of it is dropped, and this one goes past them. */
    void direct(ResponseHeadersBuilder builder, HttpData data) {
        drop();
        forming = builder;
        writeHead(data.isEmpty());
        if (!data.isEmpty()) {
            writeBody(data, true);
        }
    }

    // --- through the filters

    @Override
    int place(int passed) {
        return filters.size() - 1 - passed;
    }

    @Override
    Phase phase(Part part) {
        return switch (part) {
            case Head head -> Phase.RESPONSE_HEADERS;
            case Body piece -> Phase.RESPONSE_DATA;
            case Tail tail -> Phase.RESPONSE_TRAILERS;
        };
    }

    @Override
    HttpFilter.Next call(HttpFilter filter, Part part) {
        return switch (part) {
            case Head head -> filter.onResponseHeaders(exchange, builder(), head.isEnd());
            case Body piece -> filter.onResponseData(exchange, piece.piece());
            case Tail tail -> filter.onResponseTrailers(exchange, tail.trailers());
        };
    }

    private ResponseHeadersBuilder builder() {
        ResponseHeadersBuilder builder = forming;
        if (builder == null) {
            throw new IllegalStateException("the headers are out");
        }
        return builder;
    }

    @Override
    void out(Part part) {
        switch (part) {
            case Head head -> writeHead(head.isEnd());
            case Body piece -> writeBody(piece.piece().take(), piece.piece().isEnd());
            case Tail tail -> writeTail(tail.trailers().build());
        }
    }

    @Override
    long bufferLimit() {
        return bufferLimit;
    }

    @Override
    void tooLarge() {
        exchange.reply(LocalReply.of(500, "Internal Server Error", "response_payload_too_large"));
    }

    // --- out

    private void writeHead(boolean end) {
        ResponseHeaders out = exchange.finish(builder().endOfStream(end), end);
        forming = null;
        headers = out;
        firstByteNanos = System.nanoTime();
        ended = end;
        stream.headers(out, end);
    }

    private void writeBody(HttpData data, boolean end) {
        int length = data.length();
        bytes += length;
        ended = end;
        stream.data(data, end);
        if (!end) {
            unread += length;
            holdBack();
        }
    }

    private void writeTail(HttpHeaders last) {
        trailers = last;
        ended = true;
        if (last.isEmpty() || exchange.dropsTrailers()) {
            stream.data(HttpData.empty(), true); // Envoy drops HTTP/1's
        } else {
            stream.trailers(last);
        }
    }

    /** Callers that leave many answers unread must not be let have much of each. */
    private long unreadLimit() {
        return Math.min(UNREAD_BYTES, UNREAD_BYTES_OF_CONNECTION / exchange.streamsBeside());
    }

    private void holdBack() {
        if (unread + waitingBytes() < unreadLimit() || !exchange.hasCall() || ended) {
            return;
        }
        if (!upstreamPaused) {
            upstreamPaused = true;
            filters.terminal().pauseResponse();
        }
        if (unread > 0 && !unsent) {
            unsent = true;
            stream.whenSent(this::caughtUp);
        }
    }

    private void caughtUp() {
        exchange.touched();
        unread = 0;
        unsent = false;
        letFlow();
    }

    private void letFlow() {
        if (upstreamPaused && !unsent && unread + waitingBytes() < unreadLimit() && !ended && !exchange.isEnded()) {
            upstreamPaused = false;
            filters.terminal().resumeResponse();
        }
    }
}
