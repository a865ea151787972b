package io.sluice.loadtests.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A closed loop of HTTP/1.1 keep-alive connections from one thread to one loopback port, each with one request in flight: the same cheap
 * caller for every proxy measured. Answers must carry a content-length.
 */
final class HttpLoad implements AutoCloseable {
    private static final byte[] END_OF_HEADERS = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final EventLoop loop = group.next();

    /** What a round saw. */
    record Result(long requests, long failures, Duration took, Latencies latencies) {
        double perSecond() {
            return requests / (took.toNanos() / 1e9);
        }
    }

    /**
     * @param pace requests per second over all connections; 0 is as many as they can
     */
    Result run(int port, String path, int connections, Duration duration, double pace) throws InterruptedException {
        byte[] request = ("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nAccept: */*\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        Latencies latencies = new Latencies();
        List<Connection> open = new ArrayList<>();
        long gapNanos = pace == 0 ? 0 : (long) (1e9 * connections / pace);
        for (int i = 0; i < connections; i++) {
            Connection connection = new Connection(request, latencies, gapNanos);
            Channel channel = new Bootstrap()
                    .group(loop)
                    .channel(NioSocketChannel.class)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .handler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel ch) {
                            ch.pipeline().addLast(connection);
                        }
                    })
                    .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                    .sync()
                    .channel();
            connection.channel = channel;
            open.add(connection);
        }
        long began = System.nanoTime();
        loop.execute(() -> {
            for (int i = 0; i < open.size(); i++) {
                open.get(i).begin(began + i * (gapNanos / Math.max(1, open.size())));
            }
        });
        TimeUnit.NANOSECONDS.sleep(duration.toNanos());
        Promise<Result> done = loop.newPromise();
        loop.execute(() -> {
            long requests = 0;
            long failures = 0;
            for (Connection connection : open) {
                connection.stopped = true;
                requests += connection.requests;
                failures += connection.failures;
                connection.channel.close();
            }
            done.setSuccess(new Result(requests, failures, Duration.ofNanos(System.nanoTime() - began), latencies));
        });
        return done.sync().getNow();
    }

    @Override
    public void close() {
        Future<?> closed = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        closed.awaitUninterruptibly();
    }

    private static final class Connection extends ChannelInboundHandlerAdapter {
        private final byte[] request;
        private final Latencies latencies;
        private final long gapNanos;
        private final ByteBuf head = Unpooled.buffer(512);
        private Channel channel;
        private long due;
        private long bodyLeft;
        private boolean inBody;
        private boolean ok;
        private boolean stopped;
        private long requests;
        private long failures;

        @SuppressWarnings("NullAway.Init") // the channel is set before the first event
        Connection(byte[] request, Latencies latencies, long gapNanos) {
            this.request = request;
            this.latencies = latencies;
            this.gapNanos = gapNanos;
        }

        void begin(long at) {
            due = at;
            next();
        }

        private void next() {
            if (stopped) {
                return;
            }
            long now = System.nanoTime();
            if (gapNanos == 0) {
                due = now;
            } else if (due > now) {
                channel.eventLoop().schedule(this::send, due - now, TimeUnit.NANOSECONDS);
                return;
            }
            send();
        }

        private void send() {
            channel.writeAndFlush(Unpooled.wrappedBuffer(request));
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf in = (ByteBuf) message;
            try {
                while (in.isReadable()) {
                    if (!inBody) {
                        readHead(in);
                    }
                    if (inBody) {
                        int taken = (int) Math.min(bodyLeft, in.readableBytes());
                        in.skipBytes(taken);
                        bodyLeft -= taken;
                        if (bodyLeft == 0) {
                            finish();
                        }
                    }
                }
            } finally {
                in.release();
            }
        }

        private void readHead(ByteBuf in) {
            int from = Math.max(0, head.writerIndex() - 3);
            int had = head.writerIndex();
            head.writeBytes(in, in.readerIndex(), in.readableBytes());
            int end = indexOf(head, from);
            if (end < 0) {
                in.skipBytes(in.readableBytes());
                return;
            }
            in.skipBytes(end + END_OF_HEADERS.length - had);
            String text = head.toString(0, end, StandardCharsets.US_ASCII);
            ok = text.startsWith("HTTP/1.1 200");
            int at = text.toLowerCase(java.util.Locale.ROOT).indexOf("content-length:");
            int line = text.indexOf('\r', at);
            bodyLeft = at < 0
                    ? 0
                    : Long.parseLong(text.substring(at + 15, line < 0 ? text.length() : line)
                            .trim());
            inBody = true;
            head.clear();
        }

        private void finish() {
            inBody = false;
            requests++;
            if (!ok) {
                failures++;
            }
            latencies.add(System.nanoTime() - due);
            due += gapNanos;
            next();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (!stopped) {
                failures++;
            }
            head.release();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }

        private static int indexOf(ByteBuf buffer, int from) {
            for (int i = from; i + END_OF_HEADERS.length <= buffer.writerIndex(); i++) {
                if (buffer.getByte(i) == '\r'
                        && buffer.getByte(i + 1) == '\n'
                        && buffer.getByte(i + 2) == '\r'
                        && buffer.getByte(i + 3) == '\n') {
                    return i;
                }
            }
            return -1;
        }
    }
}
