package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
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

    /** The data stays the chain's; a filter that wants to keep bytes copies them. */
    default Next onRequestData(Exchange exchange, HttpData data, boolean end) {
        return Next.CONTINUE;
    }

    default Next onRequestTrailers(Exchange exchange, HttpHeaders trailers) {
        return Next.CONTINUE;
    }

    /** Also for local replies, of whichever filter. */
    default Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        return Next.CONTINUE;
    }

    default Next onResponseData(Exchange exchange, HttpData data, boolean end) {
        return Next.CONTINUE;
    }

    default Next onResponseTrailers(Exchange exchange, HttpHeaders trailers) {
        return Next.CONTINUE;
    }

    /** The exchange is over, however it ended. Called once for every filter that was made for the exchange. */
    default void onComplete(Exchange exchange) {}

    enum Next {
        CONTINUE,
        /** Nothing goes on until {@link Exchange#resumeRequest} or {@link Exchange#resumeResponse}; what arrives meanwhile waits, under back-pressure. */
        PAUSE
    }
}
