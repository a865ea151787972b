package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** The HTTP/2 half of {@link RecordingUpstream}, in clear text with prior knowledge or over TLS, on one event loop. */
final class Http2Upstream implements AutoCloseable {
    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Channel server;
    private final Function<RecordedRequest, Answer> answers;
    private final Consumer<RecordedRequest> recorder;

    Http2Upstream(Optional<TlsPeer> tls, Function<RecordedRequest, Answer> answers, Consumer<RecordedRequest> recorder)
            throws IOException {
        Optional<SSLContext> context = tls.map(TlsPeer::context);
        this.answers = answers;
        this.recorder = recorder;
        AtomicInteger connections = new AtomicInteger();
        var binding = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        open.add(channel);
                        Connection connection = new Connection(connections.incrementAndGet());
                        context.ifPresent(secure -> {
                            SSLEngine engine = secure.createSSLEngine();
                            engine.setUseClientMode(false);
                            engine.setSSLParameters(tls.orElseThrow().parameters(true));
                            channel.pipeline().addLast(new SslHandler(engine));
                        });
                        channel.pipeline()
                                .addLast(connection.codec)
                                .addLast(new Http2MultiplexHandler(new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel stream) {
                                        stream.pipeline().addLast(new Exchange(connection));
                                    }
                                }))
                                .addLast(new ChannelInboundHandlerAdapter() {
                                    @Override
                                    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                                        context.close(); // the peer went away, or we drove it to
                                    }
                                });
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .awaitUninterruptibly();
        if (!binding.isSuccess()) {
            throw new IOException(binding.cause());
        }
        server = binding.channel();
    }

    int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    @Override
    public void close() {
        server.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        open.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    /** On its event loop. */
    private static final class Connection {
        private final int number;
        private final Http2FrameCodec codec = Http2FrameCodecBuilder.forServer()
                // callers who leave are many on one connection of a gateway; Netty ends it at 200 in 30 s
                .decoderEnforceMaxRstFramesPerWindow(0, 0)
                .validateHeaders(false)
                .gracefulShutdownTimeoutMillis(0)
                .build();
        private int lastStream = Integer.MAX_VALUE;
        private int lastAnswered;

        private Connection(int number) {
            this.number = number;
        }
    }

    private final class Exchange extends ChannelInboundHandlerAdapter {
        private final Connection connection;
        private String session = "";
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private Headers headers = Headers.NONE;
        private Headers trailers = Headers.NONE;
        private @Nullable Answer answer;

        private Exchange(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            SslHandler secure = context.channel().parent().pipeline().get(SslHandler.class);
            if (secure != null) {
                session = TlsPeer.accepted(
                        secure.engine().getSession(), secure.engine().getApplicationProtocol());
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object frame) {
            try {
                if (id(context) > connection.lastStream) {
                    return;
                }
                if (frame instanceof Http2HeadersFrame fields) {
                    if (answer == null) {
                        begin(context, Http2Client.plain(fields.headers()));
                    } else {
                        trailers = Http2Client.plain(fields.headers());
                    }
                    ended(context, fields.isEndStream());
                } else if (frame instanceof Http2DataFrame data) {
                    byte[] bytes = ByteBufUtil.getBytes(data.content());
                    body.writeBytes(bytes);
                    if (answer instanceof Answer.GrpcEcho && bytes.length > 0) {
                        context.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes)));
                    }
                    ended(context, data.isEndStream());
                }
            } finally {
                ReferenceCountUtil.release(frame);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close(); // the caller went away
        }

        private static int id(ChannelHandlerContext context) {
            return ((Http2StreamChannel) context.channel()).stream().id();
        }

        private void begin(ChannelHandlerContext context, Headers fields) {
            headers = fields;
            answer = answers.apply(request());
            if (answer instanceof Answer.GrpcEcho) {
                headers(context, Headers.of(":status", "200", "content-type", "application/grpc"), false);
            } else if (answer instanceof Answer.Reply reply && reply.interim().contains(100)) {
                headers(context, Headers.of(":status", "100"), false);
            } else if (answer instanceof Answer.Early(Answer.Reply reply)) {
                connection.lastAnswered = Math.max(connection.lastAnswered, id(context));
                // a reset before the bytes are out would throw them away
                reply(context, reply)
                        .addListener(out -> context.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR)));
                recorder.accept(request());
            }
        }

        private void ended(ChannelHandlerContext context, boolean endStream) {
            if (endStream && answer != null && !(answer instanceof Answer.Early)) {
                recorder.accept(request());
                finish(context, answer);
            }
        }

        private void finish(ChannelHandlerContext context, Answer next) {
            if (!(next instanceof Answer.GoAway || next instanceof Answer.Refuse)) {
                connection.lastAnswered = Math.max(connection.lastAnswered, id(context));
            }
            switch (next) {
                case Answer.Delayed(Duration by, Answer then) ->
                    context.executor().schedule(() -> finish(context, then), by.toNanos(), TimeUnit.NANOSECONDS);
                case Answer.Reply reply -> reply(context, reply);
                case Answer.GrpcEcho echo -> headers(context, Headers.of("grpc-status", "0"), true);
                case Answer.Reset reset -> {
                    ChannelFuture before =
                            reset.place() == Answer.Reset.Place.IN_BODY ? half(context) : context.newSucceededFuture();
                    before.addListener(
                            out -> context.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.INTERNAL_ERROR)));
                }
                case Answer.Refuse refuse ->
                    context.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.REFUSED_STREAM));
                case Answer.Close close -> context.channel().parent().close();
                case Answer.Silence silence -> {}
                case Answer.Stall stall -> half(context);
                case Answer.Cut cut ->
                    half(context).addListener(out -> context.channel().parent().close());
                case Answer.Trickle(Duration gap) -> {
                    headers(context, Headers.of(":status", "200", "content-length", "10"), false);
                    trickle(context, gap, 10);
                }
                case Answer.Garbage garbage -> garbage(context);
                case Answer.GoAway goAway -> {
                    if (connection.lastAnswered > id(context)) { // GOAWAY would deny an answer that may be on its way
                        context.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.REFUSED_STREAM));
                    } else {
                        goAway(context, Math.max(0, id(context) - 2));
                    }
                }
                case Answer.Last(Answer.Reply reply) -> {
                    goAway(context, Math.max(id(context), connection.lastAnswered));
                    reply(context, reply);
                }
                case Answer.Early early -> {}
                case Answer.Raw raw -> throw new IllegalArgumentException("raw bytes need an HTTP/1 upstream");
                case Answer.WebSocketEcho echo ->
                    throw new IllegalArgumentException("WebSocket needs an HTTP/1 upstream");
            }
        }

        private static ChannelFuture half(ChannelHandlerContext context) {
            headers(context, Headers.of(":status", "200", "content-length", "10"), false);
            return context.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(new byte[5])));
        }

        private static void trickle(ChannelHandlerContext context, Duration gap, int left) {
            context.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(new byte[1]), left == 1));
            if (left > 1) {
                context.executor().schedule(() -> trickle(context, gap, left - 1), gap.toNanos(), TimeUnit.NANOSECONDS);
            }
        }

        /** Behind the codec's back. */
        private void garbage(ChannelHandlerContext context) {
            context.channel()
                    .parent()
                    .pipeline()
                    .context(connection.codec)
                    .writeAndFlush(Unpooled.copiedBuffer("this is no frame at all", US_ASCII));
        }

        /**
         * Tells the peer only: Netty's own GOAWAY takes DATA of a later stream for the end of the connection.
         *
         * @param lastStream what comes on later ones is passed over from now on
         */
        private void goAway(ChannelHandlerContext context, int lastStream) {
            int last = Math.min(lastStream, connection.lastStream);
            connection.lastStream = last;
            var codecContext = context.channel().parent().pipeline().context(connection.codec);
            connection
                    .codec
                    .encoder()
                    .frameWriter()
                    .writeGoAway(
                            codecContext,
                            last,
                            Http2Error.NO_ERROR.code(),
                            Unpooled.EMPTY_BUFFER,
                            codecContext.newPromise());
            codecContext.flush();
        }

        /** @return when the last of it is out */
        private static ChannelFuture reply(ChannelHandlerContext context, Answer.Reply reply) {
            for (int code : reply.interim()) {
                if (code != 100) {
                    headers(context, Headers.of(":status", Integer.toString(code)), false);
                }
            }
            List<Headers.Field> fields = new ArrayList<>();
            fields.add(new Headers.Field(":status", Integer.toString(reply.status())));
            fields.addAll(reply.headers().fields());
            boolean trailed = !reply.trailers().fields().isEmpty();
            ChannelFuture out =
                    headers(context, new Headers(fields), reply.parts().isEmpty() && !trailed);
            for (int i = 0; i < reply.parts().size(); i++) {
                boolean last = i == reply.parts().size() - 1 && !trailed;
                out = context.writeAndFlush(new DefaultHttp2DataFrame(
                        Unpooled.wrappedBuffer(reply.parts().get(i).toArray()), last));
            }
            if (trailed) {
                out = headers(context, reply.trailers(), true);
            }
            return out;
        }

        private static ChannelFuture headers(ChannelHandlerContext context, Headers fields, boolean end) {
            return context.writeAndFlush(new DefaultHttp2HeadersFrame(Http2Client.http2(fields), end));
        }

        private RecordedRequest request() {
            List<Headers.Field> plain = new ArrayList<>();
            for (Headers.Field field : headers.fields()) {
                if (field.name().equals(":authority")) {
                    plain.add(new Headers.Field("host", field.value()));
                } else if (!field.name().startsWith(":")) {
                    plain.add(field);
                }
            }
            return new RecordedRequest(
                    headers.get(":method").orElse(""),
                    headers.get(":path").orElse(""),
                    "HTTP/2",
                    new Headers(plain),
                    Bytes.copyOf(body.toByteArray()),
                    trailers,
                    connection.number,
                    Bytes.NONE,
                    session);
        }
    }
}
