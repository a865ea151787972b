package io.sluice.loadtests.harness;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** One HTTP/2 connection, in clear text with prior knowledge or over TLS. Names of headers are sent as they are given, valid or not. */
public final class Http2Client implements AutoCloseable {
    private final EventLoopGroup loop;
    private final Channel connection;
    private final AtomicBoolean goAway;
    private final String handshake;

    private Http2Client(EventLoopGroup loop, Channel connection, AtomicBoolean goAway, String handshake) {
        this.loop = loop;
        this.connection = connection;
        this.goAway = goAway;
        this.handshake = handshake;
    }

    /** @throws IOException when nothing listens there */
    public static Http2Client connect(int port) throws IOException {
        return connect(port, Bytes.NONE, Optional.empty());
    }

    /** Over TLS. A handshake that fails is no exception: {@link #handshake} says so, and no stream can be opened. */
    public static Http2Client connect(int port, TlsPeer tls) throws IOException {
        return connect(port, Bytes.NONE, Optional.of(tls));
    }

    /** @param preface bytes in front of everything, the handshake too */
    public static Http2Client connect(int port, Bytes preface, Optional<TlsPeer> tls) throws IOException {
        Optional<SSLContext> context = tls.map(TlsPeer::context);
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        AtomicBoolean goAway = new AtomicBoolean();
        var connecting = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (preface.size() > 0) {
                            channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                                @Override
                                public void channelActive(ChannelHandlerContext first) {
                                    first.writeAndFlush(Unpooled.wrappedBuffer(preface.toArray()));
                                    first.fireChannelActive();
                                }
                            });
                        }
                        context.ifPresent(secure -> {
                            SSLEngine engine = secure.createSSLEngine("127.0.0.1", port);
                            engine.setUseClientMode(true);
                            engine.setSSLParameters(tls.orElseThrow().parameters(false));
                            channel.pipeline().addLast(new SslHandler(engine));
                        });
                        channel.pipeline()
                                .addLast(Http2FrameCodecBuilder.forClient()
                                        .validateHeaders(false)
                                        .build())
                                .addLast(new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()))
                                .addLast(new ChannelInboundHandlerAdapter() {
                                    @Override
                                    public void channelRead(ChannelHandlerContext context, Object frame) {
                                        if (frame instanceof Http2GoAwayFrame) {
                                            goAway.set(true);
                                        }
                                        ReferenceCountUtil.release(frame);
                                    }

                                    @Override
                                    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                                        context.close();
                                    }
                                });
                    }
                })
                .connect(InetAddress.getLoopbackAddress(), port)
                .awaitUninterruptibly();
        if (!connecting.isSuccess()) {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            ConnectException refused = new ConnectException("cannot connect to 127.0.0.1:" + port);
            refused.initCause(connecting.cause());
            throw refused;
        }
        return new Http2Client(loop, connecting.channel(), goAway, shaken(connecting.channel()));
    }

    private static String shaken(Channel channel) {
        SslHandler secure = channel.pipeline().get(SslHandler.class);
        if (secure == null) {
            return "";
        }
        var shaking = secure.handshakeFuture().awaitUninterruptibly();
        return shaking.isSuccess()
                ? TlsPeer.agreed(secure.engine().getSession(), secure.engine().getApplicationProtocol())
                : "alert " + TlsPeer.failure(shaking.cause());
    }

    /** As {@link Http1Client#handshake}. */
    public String handshake() {
        return handshake;
    }

    /**
     * Opens a stream and sends its headers.
     *
     * @param end whether they are the whole request
     */
    public Call open(Headers headers, boolean end) throws IOException {
        var opening = new Http2StreamChannelBootstrap(connection)
                .handler(new ChannelInboundHandlerAdapter())
                .open()
                .awaitUninterruptibly();
        if (!opening.isSuccess()) {
            throw new IOException("no further stream on this connection", opening.cause());
        }
        Channel stream = opening.getNow();
        Call call = new Call(stream);
        stream.pipeline().addLast(call); // nothing can come in before our headers go out
        stream.writeAndFlush(new DefaultHttp2HeadersFrame(http2(headers), end)).addListener(sent -> {
            if (!sent.isSuccess()) {
                call.notSent();
            }
        });
        return call;
    }

    public boolean isOpen() {
        return connection.isActive();
    }

    /** Whether the peer still wants requests on it: it is open, and no GOAWAY came. */
    public boolean takesCalls() {
        return connection.isActive() && !goAway.get();
    }

    @Override
    public void close() {
        connection.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    static Http2Headers http2(Headers headers) {
        Http2Headers out = new DefaultHttp2Headers(false);
        headers.fields().forEach(field -> out.add(field.name(), field.value()));
        return out;
    }

    static Headers plain(Http2Headers headers) {
        List<Headers.Field> fields = new ArrayList<>();
        headers.forEach(entry -> fields.add(
                new Headers.Field(entry.getKey().toString(), entry.getValue().toString())));
        return new Headers(fields);
    }

    /** One request and its response. Sending may interleave with waiting: that is how streaming is proved. */
    public static final class Call extends ChannelInboundHandlerAdapter {
        private final Channel stream;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private final List<Integer> interim = new ArrayList<>();
        private int status;
        private Headers headers = Headers.NONE;
        private Headers trailers = Headers.NONE;
        private Response.End end = Response.End.SILENT;
        private boolean over;
        private boolean unprocessed;

        private Call(Channel stream) {
            this.stream = stream;
        }

        public void data(Bytes bytes, boolean last) {
            stream.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes.toArray()), last));
        }

        public void trailers(Headers fields) {
            stream.writeAndFlush(new DefaultHttp2HeadersFrame(http2(fields), true));
        }

        /** Ends the request with RST_STREAM(CANCEL). */
        public void cancel() {
            stream.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL));
        }

        /** Waits for the end of the response. */
        public synchronized Response read(Duration atMost) {
            await(Integer.MAX_VALUE, atMost);
            return new Response(status, headers, Bytes.copyOf(body.toByteArray()), trailers, List.copyOf(interim), end);
        }

        /** Waits until that many bytes of the body are there, or its end. @return whether they are */
        public synchronized boolean awaitBody(int bytes, Duration atMost) {
            await(bytes, atMost);
            return body.size() >= bytes;
        }

        /** Whether the peer said that it has not looked at this request, by REFUSED_STREAM or by the last stream of its GOAWAY, or could not be sent any more. */
        public synchronized boolean unprocessed() {
            return unprocessed;
        }

        private synchronized void notSent() {
            unprocessed |= !over;
            finish(Response.End.RESET);
            notifyAll();
        }

        private synchronized void await(int bytes, Duration atMost) {
            long deadline = System.nanoTime() + atMost.toNanos();
            try {
                for (long left = atMost.toNanos();
                        !over && body.size() < bytes && left > 0;
                        left = deadline - System.nanoTime()) {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public synchronized void channelRead(ChannelHandlerContext context, Object frame) {
            try {
                switch (frame) {
                    case Http2HeadersFrame fields -> {
                        received(plain(fields.headers()));
                        ended(fields.isEndStream());
                    }
                    case Http2DataFrame data -> {
                        body.writeBytes(ByteBufUtil.getBytes(data.content()));
                        ended(data.isEndStream());
                    }
                    case Http2ResetFrame reset -> finish(Response.End.RESET);
                    default -> {}
                }
                notifyAll();
            } finally {
                ReferenceCountUtil.release(frame);
            }
        }

        /** The multiplexer tells of RST_STREAM by an event. */
        @Override
        public synchronized void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof Http2ResetFrame reset) {
                unprocessed |= reset.errorCode() == Http2Error.REFUSED_STREAM.code();
                finish(Response.End.RESET);
                notifyAll();
            } else if (event instanceof Http2GoAwayFrame) {
                unprocessed |= !over; // it is told only to streams above the last one that will be answered
            }
            ReferenceCountUtil.release(event);
        }

        @Override
        public synchronized void channelInactive(ChannelHandlerContext context) {
            finish(Response.End.RESET);
            notifyAll();
        }

        private void received(Headers fields) {
            int code = Integer.parseInt(fields.get(":status").orElse("0"));
            if (code >= 100 && code < 200) {
                interim.add(code);
            } else if (code == 0) {
                trailers = fields;
            } else {
                status = code;
                headers = fields;
            }
        }

        private void ended(boolean endStream) {
            if (endStream) {
                finish(Response.End.COMPLETE);
            }
        }

        private void finish(Response.End how) {
            if (!over) {
                over = true;
                end = how;
            }
        }
    }
}
