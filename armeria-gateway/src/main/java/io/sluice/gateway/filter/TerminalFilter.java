package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;

/**
 * The filter at the end of a chain: takes the request, and answers through the exchange's {@code respond} methods. One for each exchange, on
 * its event loop.
 */
public interface TerminalFilter {
    void request(boolean end);

    /** The data is the filter's from now on. */
    void requestData(HttpData data, boolean end);

    void requestTrailers(HttpHeaders trailers);

    /** Whether more of the request is wanted now; {@link Exchange#requestMore} follows a {@code false}. */
    boolean isWritable();

    void pauseResponse();

    void resumeResponse();

    /** The exchange is over or was answered by somebody else. */
    void cancel();

    /** The filter as configured. */
    interface Factory extends HttpFilterFactory {
        TerminalFilter create(Exchange exchange);

        @Override
        default HttpFilter create(Exchange exchange, int place) {
            throw new IllegalStateException(name() + " ends a chain");
        }
    }
}
