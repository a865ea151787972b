package io.sluice.gateway.wire;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/** Behind Netty's HTTP/2 decoder. A malformed request costs its stream, not the connection. */
final class Http2Guard extends Http2FrameAdapter {
    private final Http2Connection connection;
    private final Http2Connection.PropertyKey requestSeen;
    private final Caller caller;
    private final Http2Requests requests;

    Http2Guard(Http2Connection connection, Caller caller, Http2Requests requests) {
        this.connection = connection;
        this.caller = caller;
        this.requests = requests;
        requestSeen = connection.newKey();
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
        onHeadersRead(ctx, streamId, headers, padding, endStream);
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean endStream)
            throws Http2Exception {
        Http2Stream stream = connection.stream(streamId);
        Http2Fields fields = (Http2Fields) headers;
        boolean trailers = stream.getProperty(requestSeen) != null;
        String wrong = trailers ? fields.wrongForTrailers() : fields.wrongForRequest();
        if (wrong != null) {
            caller.refused(Refusal.HTTP2_FIELDS);
            throw Http2Exception.streamError(streamId, Http2Error.PROTOCOL_ERROR, "%s", wrong);
        }
        RequestHeadersBuilder read = fields.read();
        if (trailers) {
            HttpHeadersBuilder last = HttpHeaders.builder();
            last.add(read);
            requests.onTrailers(stream, last.build());
        } else {
            stream.setProperty(requestSeen, Boolean.TRUE);
            mark(read);
            requests.onRequest(stream, read, endStream);
        }
    }

    @Override
    public int onDataRead(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream) {
        return padding + requests.onData(connection.stream(streamId), data, endOfStream);
    }

    private static void mark(RequestHeadersBuilder headers) {
        String path = headers.get(HttpHeaderNames.PATH);
        String refusal = refusal(headers, path);
        if (refusal != null) {
            headers.set(WireMarks.REFUSAL, refusal);
        } else {
            headers.remove(WireMarks.REFUSAL);
        }
        if (path == null || !WireMarks.isPath(path)) {
            headers.path(WireMarks.NO_PATH);
        }
    }

    private static @Nullable String refusal(RequestHeadersBuilder headers, @Nullable String path) {
        if (path == null) {
            return WireMarks.NO_TUNNEL;
        }
        if (!WireMarks.isPath(path)) {
            return "400 http2.invalid_path";
        }
        return headers.contains(HttpHeaderNames.AUTHORITY) || headers.contains(HttpHeaderNames.HOST)
                ? null
                : WireMarks.MISSING_HOST;
    }
}
