package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import java.net.InetSocketAddress;

/** One attempt on one connection. On the connection's event loop, callbacks included; callbacks never come from inside a call. */
interface UpstreamStream {
    /** To be called first, once. */
    void headers(RequestHeaders headers, boolean end);

    void data(HttpData data, boolean end);

    void trailers(HttpHeaders trailers);

    boolean isWritable();

    void pause();

    void resume();

    /** Ends the attempt; no callback follows. The connection is closed where it cannot be used again. */
    void reset();

    InetSocketAddress localAddress();

    InetSocketAddress remoteAddress();

    /** {@code HTTP/1.1} or {@code HTTP/2}. */
    String protocol();

    /** Whoever asked for the stream. */
    interface User {
        /** A connection is there; the attempt may begin. */
        void onReady(UpstreamStream stream);

        void onInformational(ResponseHeaders headers);

        /** Whoever is told may change them. */
        void onHeaders(ResponseHeadersBuilder headers, boolean end);

        void onData(HttpData data, boolean end);

        void onTrailers(HttpHeaders trailers);

        /** @param transportFailure what the operating system or the codec said; empty where nothing */
        void onReset(ResetReason reason, String transportFailure);

        void onWritable();
    }
}
