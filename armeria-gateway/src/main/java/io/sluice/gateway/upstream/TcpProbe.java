package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.util.TransportType;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Kind;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Payload;
import io.sluice.gateway.cluster.health.HealthProbe.Result;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Connects, says something, and looks for what must come back. A connection for each check. */
final class TcpProbe {
    /** Of an answer; one who sends more without what is looked for fails. */
    private static final int MAX_BYTES = 64 * 1024;

    private final EventLoopGroup workers;

    TcpProbe(EventLoopGroup workers) {
        this.workers = workers;
    }

    void check(String host, int port, Kind.Tcp expected, Duration timeout, Consumer<Result> result) {
        EventLoop loop = workers.next();
        Attempt attempt = new Attempt(expected, result);
        loop.schedule(() -> attempt.done(Result.SILENT), timeout.toNanos(), TimeUnit.NANOSECONDS);
        new Bootstrap()
                .group(loop)
                .channel(TransportType.socketChannelType(loop.parent()))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.max(1, timeout.toMillis()))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        attempt.channel = channel;
                        channel.pipeline().addLast(attempt);
                    }
                })
                .connect(new InetSocketAddress(host, port))
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        attempt.done(Result.SILENT);
                    }
                });
    }

    /** On its loop. */
    private static final class Attempt extends SimpleChannelInboundHandler<ByteBuf> {
        private final Kind.Tcp expected;
        private final Consumer<Result> result;
        private final StringBuilder received = new StringBuilder();
        private Channel channel;
        private boolean over;

        @SuppressWarnings("NullAway.Init") // the channel comes before anything else
        Attempt(Kind.Tcp expected, Consumer<Result> result) {
            this.expected = expected;
            this.result = result;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            String bytes = expected.send().bytes();
            if (!bytes.isEmpty()) {
                context.writeAndFlush(Unpooled.copiedBuffer(bytes, StandardCharsets.ISO_8859_1));
            }
            if (expected.receive().isEmpty()) {
                done(Result.PASSED);
            }
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            received.append(bytes.toString(StandardCharsets.ISO_8859_1));
            if (Payload.allIn(expected.receive(), received.toString())) {
                done(Result.PASSED);
            } else if (received.length() > MAX_BYTES) {
                done(Result.SILENT);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            done(Result.SILENT);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            done(Result.SILENT);
        }

        void done(Result how) {
            if (!over) {
                over = true;
                if (channel != null) {
                    channel.close();
                }
                result.accept(how);
            }
        }
    }
}
