package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory.Phase;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through the filters, part by part. The body is asked for piece by piece, as the last filter wants it; a piece that a
 * filter pauses at waits here.
 */
final class RequestFlow implements DownstreamStream.Body {
    private final ServerExchange exchange;
    private final ExchangeFilters filters;
    private final DownstreamStream stream;
    private final boolean http1;
    private final boolean empty;
    private @Nullable Object held;
    private int at;
    private boolean reading;
    private boolean paused;
    private boolean reachedEnd;
    private boolean asked;
    private boolean stopped;
    private boolean done;
    private long endNanos;
    private long bytes;

    RequestFlow(ServerExchange exchange, ExchangeFilters filters, DownstreamStream stream) {
        this.exchange = exchange;
        this.filters = filters;
        this.stream = stream;
        http1 = stream.isHttp1();
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

    private boolean isOver() {
        return stopped || exchange.isEnded();
    }

    void begin() {
        while (at < filters.size()) {
            HttpFilter filter = filters.at(at++, Phase.REQUEST_HEADERS);
            if (filter == null) {
                continue;
            }
            HttpFilter.Next next = filter.onRequestHeaders(exchange, exchange.request(), empty);
            if (isOver()) {
                return;
            }
            if (next == HttpFilter.Next.PAUSE) {
                paused = true;
                return;
            }
        }
        reachedEnd = true;
        filters.terminal().request(empty);
        if (!isOver() && !empty) {
            stream.read(this);
        }
    }

    void more() {
        if (reading && !asked && !paused && !done && filters.terminal().isWritable()) {
            asked = true;
            stream.requestMore();
        }
    }

    void resume() {
        if (!paused || isOver()) {
            return;
        }
        paused = false;
        if (held != null) {
            passOn(held);
        } else if (reachedEnd) {
            more();
        } else {
            begin();
        }
    }

    /** The request was answered by us: nothing of it goes on. */
    void stop() {
        stopped = true;
        dropHeld();
        if (reachedEnd) {
            filters.terminal().cancel();
        }
    }

    /** The exchange is over. */
    void end() {
        if (reachedEnd) {
            filters.terminal().cancel();
        }
        if (reading && !done) {
            stream.cancelRequest();
        }
        dropHeld();
    }

    private void dropHeld() {
        if (held instanceof HttpData data) {
            data.close();
        }
        held = null;
    }

    private void passOn(Object part) {
        Phase phase = part instanceof HttpData ? Phase.REQUEST_DATA : Phase.REQUEST_TRAILERS;
        while (at < filters.size()) {
            HttpFilter filter = filters.at(at++, phase);
            if (filter == null) {
                continue;
            }
            HttpFilter.Next next = part instanceof HttpData data
                    ? filter.onRequestData(exchange, data, false)
                    : filter.onRequestTrailers(exchange, (HttpHeaders) part);
            if (isOver()) {
                dropHeld();
                return;
            }
            if (next == HttpFilter.Next.PAUSE) {
                paused = true;
                return;
            }
        }
        held = null;
        if (part instanceof HttpData data) {
            filters.terminal().requestData(data, false);
            more();
            return;
        }
        arrived();
        if (http1) {
            filters.terminal().requestData(HttpData.empty(), true); // Envoy drops HTTP/1's trailers
        } else {
            filters.terminal().requestTrailers((HttpHeaders) part);
        }
    }

    private void arrived() {
        done = true;
        endNanos = System.nanoTime();
        exchange.requestArrived();
    }

    // --- from the caller

    @Override
    public void onReady() {
        reading = true;
        if (isOver()) {
            stream.cancelRequest();
        } else {
            more();
        }
    }

    @Override
    public void onData(HttpData data) {
        if (takes()) {
            bytes += data.length();
            take(data);
        } else {
            data.close();
        }
    }

    @Override
    public void onTrailers(HttpHeaders trailers) {
        if (takes()) {
            take(trailers);
        }
    }

    private boolean takes() {
        asked = false;
        exchange.touched();
        return !isOver() && !exchange.isAnswered();
    }

    private void take(Object part) {
        at = 0;
        held = part;
        passOn(part);
    }

    @Override
    public void onEnd() {
        if (!done && !exchange.isEnded()) {
            arrived();
            if (!stopped) {
                filters.terminal().requestData(HttpData.empty(), true);
            }
        }
    }

    @Override
    public void onBroken(Throwable cause) {
        // the response's completion tells the end; a request cancelled by us is no event
        if (!isOver()) {
            exchange.requestBroke(cause);
        }
    }
}
