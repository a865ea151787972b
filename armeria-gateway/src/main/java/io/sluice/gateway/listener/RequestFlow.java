package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory.Phase;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.wire.Refusal;

/**
 * A request on its way through the filters. The body is asked for piece by piece: as the last filter wants it, or as one on the way that keeps
 * it does.
 */
final class RequestFlow extends FilterFlow implements DownstreamStream.Body {
    private final ServerExchange exchange;
    private final ExchangeFilters filters;
    private final DownstreamStream stream;
    private final boolean empty;
    private boolean subscribed;
    private boolean reading;
    private boolean reachedEnd;
    private boolean asked;
    private boolean done;
    private long endNanos;
    private long bytes;
    private long bufferLimit;

    RequestFlow(ServerExchange exchange, ExchangeFilters filters, DownstreamStream stream, long bufferLimit) {
        super(filters);
        this.exchange = exchange;
        this.filters = filters;
        this.stream = stream;
        this.bufferLimit = bufferLimit;
        empty = stream.isBare();
        if (empty) {
            done = true;
            endNanos = exchange.startNanos();
        }
    }

    /** Whether all of it has arrived. */
    boolean isDone() {
        return done;
    }

    /** 0 before it is done. */
    long endNanos() {
        return endNanos;
    }

    /** Of the body, so far. */
    long bytes() {
        return bytes;
    }

    /** Whether the last filter has seen the request. */
    boolean reachedEnd() {
        return reachedEnd;
    }

    void limitBuffer(long limit) {
        bufferLimit = limit;
    }

    void begin() {
        if (isFree(Phase.REQUEST_HEADERS)) {
            sendHead(empty);
        } else {
            pass(new Head(empty));
        }
        more();
    }

    void more() {
        if (asked || done || isPaused() || isDropped() || !isWanted()) {
            return;
        }
        if (reading) {
            asked = true;
            stream.requestMore();
        } else if (!subscribed) {
            subscribed = true;
            stream.read(this);
        }
    }

    private boolean isWanted() {
        return isStopped() || (reachedEnd && (!subscribed || filters.terminal().isWritable()));
    }

    void goOn(int place) {
        resume(place);
        more();
    }

    /** The request was answered by us: nothing of it goes on. */
    void stop() {
        drop();
        if (reachedEnd) {
            filters.terminal().cancel();
        }
    }

    /** The exchange is over. */
    void end() {
        stop();
        if (reading && !done) {
            stream.cancelRequest();
        }
    }

    // --- through the filters

    @Override
    int place(int passed) {
        return passed;
    }

    @Override
    Phase phase(Part part) {
        return switch (part) {
            case Head head -> Phase.REQUEST_HEADERS;
            case Body piece -> Phase.REQUEST_DATA;
            case Tail tail -> Phase.REQUEST_TRAILERS;
        };
    }

    @Override
    HttpFilter.Next call(HttpFilter filter, Part part) {
        return switch (part) {
            case Head head -> filter.onRequestHeaders(exchange, exchange.request(), head.isEnd());
            case Body piece -> filter.onRequestData(exchange, piece.piece());
            case Tail tail -> filter.onRequestTrailers(exchange, tail.trailers());
        };
    }

    @Override
    void out(Part part) {
        switch (part) {
            case Head head -> sendHead(head.isEnd());
            case Body piece ->
                filters.terminal()
                        .requestData(piece.piece().take(), piece.piece().isEnd());
            case Tail tail -> filters.terminal().requestTrailers(tail.trailers().build());
        }
    }

    private void sendHead(boolean end) {
        reachedEnd = true;
        filters.terminal().request(end);
    }

    @Override
    long bufferLimit() {
        return bufferLimit;
    }

    @Override
    void tooLarge() {
        exchange.reply(LocalReply.of(413, "Payload Too Large", "request_payload_too_large"));
    }

    private void arrived() {
        done = true;
        endNanos = System.nanoTime();
        exchange.requestArrived();
    }

    private void takeIn(HttpData data, boolean end) {
        if (isFree(Phase.REQUEST_DATA)) {
            filters.terminal().requestData(data, end);
        } else {
            pass(new Body(data, end));
        }
    }

    // --- from the caller

    @Override
    public void onReady() {
        reading = true;
        if (isDropped()) {
            stream.cancelRequest();
        } else {
            more();
        }
    }

    @Override
    public void onData(HttpData data) {
        if (takes()) {
            bytes += data.length();
            takeIn(data, false);
            more();
        } else {
            data.close();
        }
    }

    @Override
    public void onTrailers(HttpHeaders trailers) {
        if (takes()) {
            arrived();
            if (exchange.dropsTrailers()) {
                takeIn(HttpData.empty(), true); // Envoy drops HTTP/1's trailers
            } else {
                pass(new Tail(trailers.toBuilder()));
            }
        }
    }

    private boolean takes() {
        asked = false;
        exchange.touched();
        return !isDropped() && !exchange.isAnswered();
    }

    @Override
    public void onEnd() {
        if (!done && !exchange.isEnded()) {
            arrived();
            if (!isDropped()) {
                takeIn(HttpData.empty(), true);
            }
        }
    }

    @Override
    public void onMalformed(Refusal why) {
        if (!isDropped()) {
            exchange.requestIsMalformed(why);
        }
    }

    @Override
    public void onBroken(Throwable cause) {
        // the response's completion tells the end; a request cancelled by us is no event
        if (!isDropped()) {
            exchange.requestBroke(cause);
        }
    }
}
