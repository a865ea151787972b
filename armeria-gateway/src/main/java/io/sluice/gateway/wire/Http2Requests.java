package io.sluice.gateway.wire;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Stream;

/** Takes what a caller sends on the streams of an HTTP/2 connection, once it is known to be right. On the connection's event loop. */
public interface Http2Requests {
    /**
     * A stream begins.
     *
     * @param headers theirs from now on; with {@link WireMarks#REFUSAL} where the request is not let in
     * @param end whether nothing follows
     */
    void onRequest(Http2Stream stream, RequestHeadersBuilder headers, boolean end);

    /** A piece of a request's body; it is released behind this call. @return how much of it no longer counts against the caller's window */
    int onData(Http2Stream stream, ByteBuf data, boolean end);

    /** End a request. */
    void onTrailers(Http2Stream stream, HttpHeaders trailers);
}
