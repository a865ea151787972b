package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.sluice.gateway.wire.Http1Gate;
import io.sluice.gateway.wire.WireMarks;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A caller's HTTP/1 connection: behind the wire guard, in place of Armeria's HTTP code. One request at a time; what a caller sends beyond it
 * waits here, and in its socket.
 */
final class Http1Downstream extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(Http1Downstream.class);
    private static final WriteBufferWaterMark WATERMARK = new WriteBufferWaterMark(32 * 1024, 64 * 1024);
    /** An upgrade in which no Envoy takes part. */
    private static final String H2C = "h2c";

    private static final AsciiString HTTP2_SETTINGS = AsciiString.cached("http2-settings");
    /** Those that Envoy's parser knows. Source: balsa_parser.cc, kValidMethods. */
    private static final Set<String> METHODS = Set.of(
            "ACL",
            "BIND",
            "CHECKOUT",
            "CONNECT",
            "COPY",
            "DELETE",
            "GET",
            "HEAD",
            "LINK",
            "LOCK",
            "MERGE",
            "MKACTIVITY",
            "MKCALENDAR",
            "MKCOL",
            "MOVE",
            "M-SEARCH",
            "NOTIFY",
            "OPTIONS",
            "PATCH",
            "POST",
            "PROPFIND",
            "PROPPATCH",
            "PURGE",
            "PUT",
            "REBIND",
            "REPORT",
            "SEARCH",
            "SOURCE",
            "SUBSCRIBE",
            "TRACE",
            "UNBIND",
            "UNLINK",
            "UNLOCK",
            "UNSUBSCRIBE");

    private final Channel channel;
    private final Http1Gate gate;
    private final DownstreamConnection connection;
    private final Consumer<DownstreamStream> listener;
    private final Deque<Object> waiting = new ArrayDeque<>(2);
    private final Runnable flush;
    private @Nullable Http1Stream stream;
    private boolean requestOpen;
    private boolean closing;
    private boolean pumping;
    private boolean tunnel;
    private boolean flushPlanned;
    private @Nullable Runnable whenWritable;

    /** @param listener takes each request */
    Http1Downstream(Channel channel, Http1Gate gate, Consumer<DownstreamStream> listener) {
        this.channel = channel;
        this.gate = gate;
        this.listener = listener;
        connection = DownstreamConnection.of(channel);
        flush = this::flush;
        channel.config().setWriteBufferWaterMark(WATERMARK);
    }

    Channel channel() {
        return channel;
    }

    DownstreamConnection connection() {
        return connection;
    }

    // --- what arrives

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (closing) {
            ReferenceCountUtil.release(message); // nobody will answer it
            return;
        }
        waiting.add(message);
        pump();
    }

    /** Hands on what can be handed on, and reads further when nothing is left. */
    void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            Object next = waiting.peek();
            while (next != null && mayPass(next)) {
                waiting.remove();
                pass(next);
                next = waiting.peek();
            }
        } finally {
            pumping = false;
        }
        boolean read = waiting.isEmpty();
        if (channel.config().isAutoRead() != read) {
            channel.config().setAutoRead(read);
        }
    }

    private boolean mayPass(Object message) {
        Http1Stream current = stream;
        if (message instanceof HttpRequest) {
            return current == null;
        }
        return current == null || closing || (tunnel && message instanceof HttpContent) || current.takes();
    }

    private void pass(Object message) {
        if (closing) {
            ReferenceCountUtil.release(message);
        } else if (message instanceof HttpRequest request) {
            begin(request);
        } else if (message instanceof HttpContent content) {
            pass(content);
        } else if (stream != null && message instanceof ByteBuf bytes) {
            stream.arrived(HttpData.wrap(bytes));
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(HttpRequest request) {
        RequestHeadersBuilder headers = headers(request);
        boolean bare = !HttpUtil.isTransferEncodingChunked(request) && HttpUtil.getContentLength(request, 0L) == 0;
        boolean upgrade = isUpgrade(request);
        requestOpen = !bare;
        boolean keepAlive =
                HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess();
        if (!upgrade) {
            headers.remove(HttpHeaderNames.UPGRADE);
        }
        Http1Stream next = new Http1Stream(
                this,
                headers,
                bare && !upgrade,
                keepAlive,
                request.protocolVersion().equals(HttpVersion.HTTP_1_0));
        stream = next;
        if (upgrade) {
            tunnel = true;
            channel.pipeline()
                    .remove(HttpRequestDecoder.class); // whatever follows belongs to the tunnel, if there will be one
        }
        listener.accept(next);
    }

    private static RequestHeadersBuilder headers(HttpRequest request) {
        RequestHeadersBuilder headers = RequestHeaders.builder();
        headers.set(
                        com.linecorp.armeria.common.HttpHeaderNames.METHOD,
                        request.method().name())
                .path(request.uri())
                .scheme("http");
        if (request.headers().contains(WireMarks.REFUSAL)
                && request.decoderResult().isFailure()) {
            return headers.set(WireMarks.PATH, request.headers().get(WireMarks.PATH))
                    .set(WireMarks.REFUSAL, request.headers().get(WireMarks.REFUSAL));
        }
        if (request.decoderResult().isFailure()
                || !METHODS.contains(request.method().name())) {
            boolean tooLong = request.decoderResult().cause() instanceof TooLongFrameException;
            return headers.set(WireMarks.PATH, "/")
                    .set(WireMarks.REFUSAL, tooLong ? "431 http1.headers_too_large" : "400 http1.codec_error");
        }
        var fields = request.headers().iteratorCharSequence();
        while (fields.hasNext()) {
            Map.Entry<CharSequence, CharSequence> field = fields.next();
            headers.add(field.getKey(), field.getValue().toString());
        }
        headers.remove(HTTP2_SETTINGS);
        if (!ConnectionHeader.sanitize(headers) && !headers.contains(WireMarks.REFUSAL)) {
            headers.set(WireMarks.REFUSAL, "400 http1.connection_header_rejected");
        }
        return headers;
    }

    private static boolean isUpgrade(HttpRequest request) {
        String protocol = request.headers().get(HttpHeaderNames.UPGRADE);
        return protocol != null
                && !protocol.equalsIgnoreCase(H2C)
                && request.protocolVersion().isKeepAliveDefault()
                && request.headers().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true);
    }

    private void pass(HttpContent content) {
        Http1Stream current = stream;
        boolean last = content instanceof LastHttpContent;
        if (current == null || tunnel || (last && !requestOpen)) {
            content.release(); // the decoder ends what has no body as well
            return;
        }
        if (content.decoderResult().isFailure()) {
            content.release();
            current.broken();
            return;
        }
        if (!last) {
            current.arrived(HttpData.wrap(content.content()));
            return;
        }
        if (content.content().isReadable()) {
            current.arrived(HttpData.wrap(content.content()));
            waiting.addFirst(end((LastHttpContent) content)); // told when the reader wants more
            return;
        }
        requestOpen = false;
        content.release();
        var trailers = ((LastHttpContent) content).trailingHeaders();
        if (trailers.isEmpty()) {
            current.ended();
        } else {
            var ending = HttpHeaders.builder();
            trailers.iteratorCharSequence()
                    .forEachRemaining(f -> ending.add(f.getKey(), f.getValue().toString()));
            current.ended(ending.build());
        }
    }

    private static LastHttpContent end(LastHttpContent content) {
        return content.trailingHeaders().isEmpty()
                ? LastHttpContent.EMPTY_LAST_CONTENT
                : content.replace(Unpooled.EMPTY_BUFFER);
    }

    // --- what goes out

    void write(ByteBuf bytes) {
        channel.write(bytes, channel.voidPromise());
    }

    /** Flushes when the loop has done what it is at. */
    void flushSoon() {
        if (!flushPlanned) {
            flushPlanned = true;
            channel.eventLoop().execute(flush);
        }
    }

    void flush() {
        flushPlanned = false;
        if (stream != null) {
            stream.writePending();
        }
        channel.flush();
    }

    /** The answer is written whole. @param last whether the connection ends with it */
    void answered(boolean last) {
        stream = null;
        if (last || closing) {
            gate.end();
            finish();
        } else {
            channel.flush();
            gate.answered();
        }
    }

    /** Ends the connection behind what was written; later where the caller still sends, since a close might destroy the answer on its way. */
    private void finish() {
        closing = true;
        boolean linger = requestOpen || gate.isRefusing();
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> {
            if (linger && done.isSuccess()) {
                shutDownOutput();
                channel.eventLoop()
                        .schedule((Runnable) channel::close, ServerFlags.CLOSE_DELAY_MILLIS, TimeUnit.MILLISECONDS);
            } else {
                channel.close();
            }
        });
    }

    /** The caller sees the end at once; over TLS it would take that for an attack. */
    private void shutDownOutput() {
        if (channel instanceof DuplexChannel socket && channel.pipeline().get(SslHandler.class) == null) {
            socket.shutdownOutput();
        }
    }

    /** 101 is being written. */
    void tunnelOpens() {
        gate.tunnel();
    }

    /** Ends a tunnel behind what it has to carry still, however slowly its caller reads. */
    void endTunnel() {
        stream = null;
        closing = true;
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    /** Cuts the answer off, behind what there is of it. */
    void cut() {
        stream = null;
        closing = true;
        channel.flush();
        channel.close();
    }

    void whenWritable(Runnable then) {
        channel.flush();
        if (channel.isWritable()) {
            channel.eventLoop().execute(then);
        } else {
            whenWritable = then;
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        Runnable then = whenWritable;
        if (then != null && channel.isWritable()) {
            whenWritable = null;
            then.run();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closing = true;
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException)) {
            log.warn("caller's connection failed remote={}", channel.remoteAddress(), cause);
        }
        channel.close();
    }
}
