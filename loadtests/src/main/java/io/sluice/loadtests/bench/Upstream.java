package io.sluice.loadtests.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.Probe;
import io.sluice.loadtests.harness.ProgramProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The called side: answers {@link #SMALL} and {@link #BIG} as cheaply as can be, with nginx where there is one. */
record Upstream(String name, int port, Runnable closing) implements AutoCloseable {
    static final String SMALL = "/small";
    static final String BIG = "/big";
    private static final Map<String, Integer> BODY_BYTES = Map.of(SMALL, 100, BIG, 10 * 1024);

    static Upstream start(Path folder) throws IOException, InterruptedException {
        return Part.NGINX.find().isPresent() ? nginx(folder) : own();
    }

    private static Upstream nginx(Path folder) throws IOException {
        int port = Ports.free();
        Path files = Files.createDirectories(folder.resolve("upstream-files"));
        for (Map.Entry<String, Integer> body : BODY_BYTES.entrySet()) {
            Files.writeString(files.resolve(body.getKey().substring(1)), "x".repeat(body.getValue()), UTF_8);
        }
        ProgramProcess process = Nginx.start("upstream", folder, 1, String.format(Locale.ROOT, """
                open_file_cache max=10;
                server { listen 127.0.0.1:%d; root "%s"; }
                """, port, files));
        process.awaitReady(() -> Probe.ok(port, SMALL), Duration.ofSeconds(10));
        return new Upstream("nginx", port, process::close);
    }

    static Upstream own() throws InterruptedException {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        int port = Ports.free();
        new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpServerCodec(), new Answering());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), port)
                .sync();
        return new Upstream(
                "a Netty server of ours",
                port,
                () -> loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
    }

    @Override
    public void close() {
        closing.run();
    }

    private static final class Answering extends SimpleChannelInboundHandler<HttpObject> {
        private String path = "";

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject part) {
            if (part instanceof HttpRequest request) {
                path = request.uri();
            }
            if (part instanceof LastHttpContent) {
                Integer length = BODY_BYTES.get(path);
                byte[] body = "x".repeat(length == null ? 0 : length).getBytes(US_ASCII);
                var response = new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        length == null ? HttpResponseStatus.NOT_FOUND : HttpResponseStatus.OK,
                        Unpooled.wrappedBuffer(body));
                response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
                ctx.write(response);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.flush();
        }
    }
}
