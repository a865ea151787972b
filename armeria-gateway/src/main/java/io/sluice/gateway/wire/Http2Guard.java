package io.sluice.gateway.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/** Between Netty's HTTP/2 decoder and Armeria's. A malformed request costs its stream, not the connection. */
final class Http2Guard extends Http2FrameListenerDecorator {
    private static final AsciiString ROOT = AsciiString.cached("/");
    private static final AsciiString GET = AsciiString.cached("GET");
    private static final AsciiString SCHEME = AsciiString.cached("http");

    private final Http2Connection connection;
    private final Http2Connection.PropertyKey requestSeen;
    private final Caller caller;

    Http2Guard(Http2FrameListener listener, Http2Connection connection, Caller caller) {
        super(listener);
        this.connection = connection;
        this.caller = caller;
        requestSeen = connection.newKey();
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean endStream)
            throws Http2Exception {
        super.onHeadersRead(ctx, streamId, checked(streamId, (Http2Fields) headers), padding, endStream);
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
        super.onHeadersRead(
                ctx,
                streamId,
                checked(streamId, (Http2Fields) headers),
                streamDependency,
                weight,
                exclusive,
                padding,
                endStream);
    }

    private Http2Headers checked(int streamId, Http2Fields fields) throws Http2Exception {
        Http2Stream stream = connection.stream(streamId);
        boolean trailers = stream != null && stream.getProperty(requestSeen) != null;
        String wrong = trailers ? fields.wrongForTrailers() : fields.wrongForRequest();
        if (wrong != null) {
            caller.refused(Refusal.HTTP2_FIELDS);
            throw Http2Exception.streamError(streamId, Http2Error.PROTOCOL_ERROR, "%s", wrong);
        }
        Http2Headers headers = fields.armerias();
        if (!trailers) {
            if (stream != null) {
                stream.setProperty(requestSeen, Boolean.TRUE);
            }
            mark(headers);
        } else {
            headers.remove(WireMarks.REFUSAL);
            headers.remove(WireMarks.PATH);
        }
        return headers;
    }

    private static void mark(Http2Headers headers) {
        headers.remove(WireMarks.REFUSAL);
        CharSequence path = headers.path();
        if (path == null) { // CONNECT: no route leads there
            headers.method(GET).scheme(SCHEME);
        }
        String refusal = refusal(headers, path);
        headers.set(WireMarks.PATH, path != null && WireMarks.isPath(path) ? path : ROOT);
        headers.path(ROOT);
        if (refusal != null) {
            headers.set(WireMarks.REFUSAL, refusal);
        }
    }

    private static @Nullable String refusal(Http2Headers headers, @Nullable CharSequence path) {
        if (path == null) {
            return WireMarks.NO_TUNNEL;
        }
        if (!WireMarks.isPath(path)) {
            return "400 http2.invalid_path";
        }
        return headers.authority() == null && !headers.contains(HttpHeaderNames.HOST) ? WireMarks.MISSING_HOST : null;
    }
}
