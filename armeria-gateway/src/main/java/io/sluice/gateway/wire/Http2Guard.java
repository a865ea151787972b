package io.sluice.gateway.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;

/** Between Netty's HTTP/2 decoder and Armeria's. */
final class Http2Guard extends Http2FrameListenerDecorator {
    private static final AsciiString ROOT = AsciiString.cached("/");
    private static final AsciiString PROTOCOL = AsciiString.cached(":protocol");

    Http2Guard(Http2FrameListener listener) {
        super(listener);
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean endStream)
            throws Http2Exception {
        mark(headers);
        super.onHeadersRead(ctx, streamId, headers, padding, endStream);
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx,
            int streamId,
            Http2Headers headers,
            int streamDependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean endStream)
            throws Http2Exception {
        mark(headers);
        super.onHeadersRead(ctx, streamId, headers, streamDependency, weight, exclusive, padding, endStream);
    }

    private static void mark(Http2Headers headers) {
        headers.remove(WireMarks.REFUSAL);
        CharSequence path = headers.path();
        if (path == null) {
            headers.remove(WireMarks.PATH); // trailers, or CONNECT
            return;
        }
        boolean clean = WireMarks.isPath(path);
        headers.set(WireMarks.PATH, clean ? path : ROOT);
        headers.path(ROOT);
        if (!clean) {
            headers.set(WireMarks.REFUSAL, "400 http2.invalid_path");
        } else if (headers.contains(PROTOCOL)) {
            headers.set(WireMarks.REFUSAL, "400 http2.extended_connect");
        } else if (headers.authority() == null && !headers.contains(HttpHeaderNames.HOST)) {
            headers.set(WireMarks.REFUSAL, WireMarks.MISSING_HOST);
        }
    }
}
