package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;

/**
 * One filter at work on one exchange. Request phases run in the order of the chain, response phases in reverse, all on the exchange's event
 * loop; no phase may block. A filter without state may serve all exchanges with one object.
 */
public interface HttpFilter {

    default Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        return Next.CONTINUE;
    }

    /** The filter may change the piece. The end of a body is always told, with the last piece or an empty one after it, or by trailers. */
    default Next onRequestData(Exchange exchange, Piece piece) {
        return Next.CONTINUE;
    }

    default Next onRequestTrailers(Exchange exchange, HttpHeadersBuilder trailers) {
        return Next.CONTINUE;
    }

    /** Also for local replies, of whichever filter: also of one before this one, whose request this one never saw. */
    default Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        return Next.CONTINUE;
    }

    default Next onResponseData(Exchange exchange, Piece piece) {
        return Next.CONTINUE;
    }

    default Next onResponseTrailers(Exchange exchange, HttpHeadersBuilder trailers) {
        return Next.CONTINUE;
    }

    /** The exchange is over, however it ended. Called once for every filter that was made for the exchange. */
    default void onComplete(Exchange exchange) {}

    enum Next {
        CONTINUE,
        /**
         * Nothing goes on until {@link Exchange#resumeRequest} or {@link Exchange#resumeResponse}, called after the phase has returned; what
         * arrives meanwhile waits, under back-pressure.
         */
        PAUSE,
        /**
         * Nothing goes on, but what follows still comes to this filter and is kept: headers, and what has arrived of the body, go on together once
         * a later phase returns CONTINUE, or at a resume. A request's body beyond the limit is answered with 413, a response's with 500.
         */
        STOP_AND_BUFFER
    }
}
