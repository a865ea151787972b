package io.sluice.loadtests.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** HTTP/1.1, a connection for each request in flight. Answers must carry a content-length. */
final class Http1Load implements Load {
    private static final byte[] LENGTH = "content-length:".getBytes(US_ASCII);
    private static final byte[] OK = "HTTP/1.1 200".getBytes(US_ASCII);

    private final CallingLoop loop = new CallingLoop();
    private final String headers;

    Http1Load() {
        this("");
    }

    /** @param headers further lines of each request's head */
    Http1Load(String headers) {
        this.headers = headers;
    }

    @Override
    public Round run(int port, String path, int inFlight, Duration duration, double pace) throws InterruptedException {
        byte[] request = ("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nAccept: */*\r\n" + headers
                        + "\r\n")
                .getBytes(US_ASCII);
        Latencies latencies = new Latencies();
        long gapNanos = pace == 0 ? 0 : (long) (1e9 * inFlight / pace);
        List<Channel> open = new ArrayList<>();
        List<Connection> lanes = new ArrayList<>();
        for (int i = 0; i < inFlight; i++) {
            Connection lane = new Connection(request, latencies, gapNanos);
            lane.channel = loop.connect(port, lane.reader);
            open.add(lane.channel);
            lanes.add(lane);
        }
        Round round = loop.drive(lanes, latencies, duration);
        loop.closeAll(open);
        lanes.forEach(lane -> lane.request.unwrap().release());
        return round;
    }

    @Override
    public void close() {
        loop.close();
    }

    private final class Connection extends CallingLoop.Lane {
        private final ByteBuf request;
        private final Reader reader = new Reader(this);
        private Channel channel;

        @SuppressWarnings("NullAway.Init") // the channel is set before the first request
        Connection(byte[] request, Latencies latencies, long gapNanos) {
            super(loop.loop(), latencies, gapNanos);
            this.request = Unpooled.unreleasableBuffer(Unpooled.directBuffer().writeBytes(request));
        }

        @Override
        void send() {
            channel.writeAndFlush(request.duplicate(), channel.voidPromise());
        }
    }

    /** Finds where an answer ends, without making strings of it. */
    private static final class Reader extends ChannelInboundHandlerAdapter {
        private final CallingLoop.Lane lane;
        private final ByteBuf head = Unpooled.buffer(1024);
        private long bodyLeft;
        private boolean inBody;
        private boolean ok;

        Reader(CallingLoop.Lane lane) {
            this.lane = lane;
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
                            inBody = false;
                            lane.answered(ok);
                        }
                    }
                }
            } finally {
                in.release();
            }
        }

        private void readHead(ByteBuf in) {
            while (in.isReadable()) {
                byte b = in.readByte();
                head.writeByte(b);
                int n = head.writerIndex();
                if (b == '\n' && n >= 4 && head.getByte(n - 3) == '\n') {
                    ok = starts(head, 0, OK);
                    bodyLeft = length();
                    inBody = true;
                    head.clear();
                    return;
                }
            }
        }

        private long length() {
            int end = head.writerIndex() - LENGTH.length;
            for (int i = 1; i < end; i++) {
                if (head.getByte(i - 1) == '\n' && starts(head, i, LENGTH)) {
                    long value = 0;
                    for (int at = i + LENGTH.length; head.getByte(at) != '\r'; at++) {
                        byte digit = head.getByte(at);
                        value = digit == ' ' ? value : value * 10 + digit - '0';
                    }
                    return value;
                }
            }
            return 0;
        }

        /** Letters of either case are equal; what is searched for is in lower case or has none. */
        private static boolean starts(ByteBuf buffer, int at, byte[] text) {
            for (int i = 0; i < text.length; i++) {
                byte b = buffer.getByte(at + i);
                if (b != text[i] && (b | 0x20) != text[i]) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            lane.broken();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
