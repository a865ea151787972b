package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.sluice.gateway.cluster.Connections;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An HTTP/2 connection with prior knowledge, each attempt a stream of its own. */
final class Http2Connection implements PooledConnection {
    private static final AsciiString METHOD = AsciiString.cached(":method");

    private static final Set<String> NOT_FOR_HTTP2 =
            Set.of("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host");

    private final EndpointPool pool;
    private Channel channel;
    private int streams;
    private int served;
    private long maxStreams;
    private boolean settled;
    private boolean closing;
    private boolean garbled;
    private final @Nullable KeepaliveHandler keepalive;
    private @Nullable Future<?> idle;

    @SuppressWarnings("NullAway.Init") // install comes first
    Http2Connection(EndpointPool pool) {
        this.pool = pool;
        Connections.Keepalive policy = pool.spec().connections().http2().keepalive();
        keepalive = policy == null ? null : new KeepaliveHandler(policy);
    }

    @Override
    public void install(Channel channel) {
        this.channel = channel;
        Http2Settings settings = Http2Settings.defaultSettings()
                .initialWindowSize(pool.spec().connections().http2().streamWindowBytes())
                .pushEnabled(false)
                .maxHeaderListSize(pool.spec().connections().maxHeadBytes());
        Http2FrameCodec codec =
                Http2FrameCodecBuilder.forClient().initialSettings(settings).build();
        channel.pipeline().addLast(codec);
        if (keepalive != null) {
            channel.pipeline().addLast(keepalive);
        }
        channel.pipeline().addLast(new Http2MultiplexHandler(new Refuse())).addLast(new Control(codec));
    }

    @Override
    public boolean isUsable() {
        return settled;
    }

    @Override
    public boolean hasRoom() {
        int limit = pool.spec().connections().maxRequests();
        return settled && !closing && channel.isActive() && streams < maxStreams && (limit == 0 || served < limit);
    }

    @Override
    public void attach(UpstreamStream.User user) {
        streams++;
        served++;
        if (idle != null) {
            idle.cancel(false);
            idle = null;
        }
        if (keepalive != null) {
            keepalive.beforeRequest();
        }
        int limit = pool.spec().connections().maxRequests();
        if (limit > 0 && served >= limit) {
            closing = true;
        }
        Stream stream = new Stream(user);
        Future<Http2StreamChannel> opened =
                new Http2StreamChannelBootstrap(channel).handler(stream).open();
        opened.addListener(done -> {
            if (done.isSuccess()) {
                stream.channel = opened.getNow();
                user.onReady(stream);
            } else {
                streams--;
                stream.fail(ResetReason.LOCAL_RESET, "");
            }
        });
    }

    @Override
    public void closeWhenIdle() {
        closing = true;
        if (streams == 0) {
            channel.close();
        }
    }

    @Override
    public void close() {
        channel.close();
    }

    /** The codec has done with a stream, so that the peer's limit leaves room for another. */
    private void closed() {
        streams--;
        if (closing && streams == 0) {
            channel.close();
        }
        pool.serveWaiting();
        startIdleTimer();
    }

    private void startIdleTimer() {
        long allowed = pool.spec().connections().idleTimeout().toNanos();
        if (streams == 0 && allowed > 0 && idle == null && channel.isActive()) {
            idle = pool.loop().schedule(() -> channel.close(), allowed, TimeUnit.NANOSECONDS);
        }
    }

    /** Settings and GOAWAY of the whole connection. */
    private final class Control extends ChannelInboundHandlerAdapter {
        private final Http2FrameCodec codec;

        Control(Http2FrameCodec codec) {
            this.codec = codec;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) throws Http2Exception {
            var connection = codec.connection();
            connection
                    .local()
                    .flowController()
                    .incrementWindowSize(
                            connection.connectionStream(),
                            pool.spec().connections().http2().connectionWindowBytes()
                                    - Http2CodecUtil.DEFAULT_WINDOW_SIZE);
            ctx.flush();
            ctx.fireChannelActive();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof Http2SettingsFrame frame) {
                int most = pool.spec().connections().http2().maxStreams();
                Long streamLimit = frame.settings().maxConcurrentStreams();
                if (streamLimit != null) {
                    maxStreams = Math.max(1, Math.min(streamLimit, most));
                } else if (!settled) {
                    maxStreams = most;
                }
                if (settled) {
                    pool.serveWaiting();
                } else {
                    settled = true;
                    pool.usable();
                    startIdleTimer();
                }
            } else if (message instanceof Http2GoAwayFrame) {
                closing = true;
                if (streams == 0) {
                    channel.close();
                }
            }
            ReferenceCountUtil.release(message);
        }

        /** What the peer sends is no HTTP/2. */
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            garbled |= cause instanceof Http2Exception;
            ctx.close();
        }
    }

    /** Nobody pushes to us. */
    @io.netty.channel.ChannelHandler.Sharable
    private static final class Refuse extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ctx.close();
        }
    }

    private final class Stream extends ChannelInboundHandlerAdapter implements UpstreamStream {
        private @Nullable User user;
        private @Nullable Channel channel;
        private boolean unwritable;
        private boolean requestEnded;
        private boolean begun;

        Stream(User user) {
            this.user = user;
        }

        private Channel open() {
            Channel opened = channel;
            if (opened == null) {
                throw new IllegalStateException("used before it was ready");
            }
            return opened;
        }

        @Override
        public void headers(RequestHeaders headers, boolean end) {
            DefaultHttp2Headers out = new DefaultHttp2Headers(false, headers.size());
            out.method(headers.get(METHOD, "")).path(headers.path()).scheme("http");
            String authority = headers.authority();
            if (authority != null) {
                out.authority(authority);
            }
            for (Map.Entry<AsciiString, String> header : headers) {
                AsciiString name = header.getKey();
                if (name.charAt(0) != ':' && !NOT_FOR_HTTP2.contains(name.toString())) {
                    out.add(name, header.getValue());
                }
            }
            requestEnded = end;
            open().writeAndFlush(new DefaultHttp2HeadersFrame(out, end));
        }

        @Override
        public void data(HttpData data, boolean end) {
            if (user == null) {
                data.close();
                return;
            }
            requestEnded = end;
            open().writeAndFlush(new DefaultHttp2DataFrame(data.byteBuf(), end));
            unwritable |= !open().isWritable();
        }

        @Override
        public void trailers(HttpHeaders trailers) {
            if (user == null) {
                return;
            }
            DefaultHttp2Headers out = new DefaultHttp2Headers(false, trailers.size());
            trailers.forEach((name, value) -> out.add(name, value));
            requestEnded = true;
            open().writeAndFlush(new DefaultHttp2HeadersFrame(out, true));
        }

        @Override
        public boolean isWritable() {
            return open().isWritable();
        }

        @Override
        public void pause() {
            open().config().setAutoRead(false);
        }

        @Override
        public void resume() {
            open().config().setAutoRead(true);
        }

        @Override
        public void reset() {
            if (user != null) {
                finish();
                cutOff(Http2Error.CANCEL);
            }
        }

        private void cutOff(Http2Error error) {
            open().writeAndFlush(new DefaultHttp2ResetFrame(error));
            open().close();
        }

        /** The response is whole; a request that is not has nowhere to go. */
        private void responseEnded() {
            finish();
            if (!requestEnded) {
                cutOff(Http2Error.NO_ERROR);
            }
        }

        @Override
        public InetSocketAddress localAddress() {
            return (InetSocketAddress) Http2Connection.this.channel.localAddress();
        }

        @Override
        public InetSocketAddress remoteAddress() {
            return (InetSocketAddress) Http2Connection.this.channel.remoteAddress();
        }

        @Override
        public String protocol() {
            return "HTTP/2";
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            User current = user;
            if (current == null) {
                ReferenceCountUtil.release(message);
            } else if (message instanceof Http2HeadersFrame frame) {
                onHeaders(current, frame.headers(), frame.isEndStream());
            } else if (message instanceof Http2DataFrame frame) {
                if (frame.isEndStream()) {
                    responseEnded();
                }
                current.onData(HttpData.wrap(frame.content()), frame.isEndStream());
            } else if (message instanceof Http2ResetFrame frame) {
                onReset(frame.errorCode());
            } else {
                ReferenceCountUtil.release(message);
            }
        }

        private void onHeaders(User current, Http2Headers headers, boolean end) {
            if (headers.size() > pool.spec().connections().maxHeaders()) {
                fail(ResetReason.REMOTE_RESET, ""); // in Envoy's words
                open().close();
                return;
            }
            CharSequence status = headers.status();
            if (begun || status == null) {
                if (!begun || !end) {
                    fail(ResetReason.PROTOCOL_ERROR, "");
                    open().close();
                    return;
                }
                responseEnded();
                current.onTrailers(copy(headers));
                return;
            }
            ResponseHeadersBuilder out =
                    ResponseHeaders.builder(HttpStatus.valueOf(Integer.parseInt(status.toString())));
            headers.forEach(header -> {
                if (header.getKey().charAt(0) != ':') {
                    out.add(header.getKey(), header.getValue().toString());
                }
            });
            if (out.status().isInformational()) {
                current.onInformational(out.build());
                return;
            }
            begun = true;
            if (end) {
                responseEnded();
            }
            current.onHeaders(out, end);
        }

        private static HttpHeaders copy(Http2Headers headers) {
            HttpHeadersBuilder out = HttpHeaders.builder();
            headers.forEach(header -> out.add(header.getKey(), header.getValue().toString()));
            return out.build();
        }

        private void onReset(long code) {
            fail(
                    code == Http2Error.REFUSED_STREAM.code()
                            ? ResetReason.REMOTE_REFUSED_STREAM_RESET
                            : ResetReason.REMOTE_RESET,
                    "");
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof Http2ResetFrame frame) {
                onReset(frame.errorCode());
            } else if (event instanceof Http2GoAwayFrame) {
                fail(ResetReason.REMOTE_REFUSED_STREAM_RESET, "");
            }
            ReferenceCountUtil.release(event);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            User current = user;
            if (current != null && unwritable && ctx.channel().isWritable()) {
                unwritable = false;
                current.onWritable();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            fail(garbled ? ResetReason.PROTOCOL_ERROR : ResetReason.CONNECTION_TERMINATION, "");
            closed();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            boolean tooLarge = cause instanceof Http2Exception.HeaderListSizeException
                    || cause.getCause() instanceof Http2Exception.HeaderListSizeException;
            fail(tooLarge ? ResetReason.REMOTE_RESET : ResetReason.PROTOCOL_ERROR, "");
            ctx.close();
        }

        private void finish() {
            user = null;
            pool.streamEnded();
        }

        void fail(ResetReason reason, String transportFailure) {
            User current = user;
            if (current != null) {
                finish();
                current.onReset(reason, transportFailure);
            }
        }
    }
}
