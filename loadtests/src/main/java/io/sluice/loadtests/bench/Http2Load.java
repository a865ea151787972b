package io.sluice.loadtests.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** HTTP/2 in clear text with prior knowledge, {@value #STREAMS} requests in flight on each connection. */
final class Http2Load implements Load {
    static final int STREAMS = 8;

    private final CallingLoop loop = new CallingLoop();

    @Override
    public Round run(int port, String path, int inFlight, Duration duration, double pace) throws InterruptedException {
        Http2Headers request = new DefaultHttp2Headers(false)
                .method("GET")
                .scheme("http")
                .authority("127.0.0.1:" + port)
                .path(path)
                .add("accept", "*/*");
        Latencies latencies = new Latencies();
        long gapNanos = pace == 0 ? 0 : (long) (1e9 * inFlight / pace);
        List<Channel> open = new ArrayList<>();
        List<Lane> lanes = new ArrayList<>();
        while (lanes.size() < inFlight) {
            Connection connection = new Connection();
            Channel channel = loop.connect(port, connection.codec);
            connection.opened(channel);
            open.add(channel);
            for (int i = 0; i < STREAMS && lanes.size() < inFlight; i++) {
                lanes.add(new Lane(connection, request, latencies, gapNanos));
            }
        }
        Round round = loop.drive(lanes, latencies, duration);
        loop.closeAll(open);
        return round;
    }

    @Override
    public void close() {
        loop.close();
    }

    private final class Lane extends CallingLoop.Lane {
        private final Connection connection;
        private final Http2Headers request;
        private boolean ok;

        Lane(Connection connection, Http2Headers request, Latencies latencies, long gapNanos) {
            super(loop.loop(), latencies, gapNanos);
            this.connection = connection;
            this.request = request;
        }

        @Override
        void send() {
            ok = false;
            connection.send(this, request);
        }
    }

    private static final class Connection extends Http2EventAdapter {
        private final Http2ConnectionHandler codec = new Http2ConnectionHandlerBuilder()
                .server(false)
                .validateHeaders(false)
                .initialSettings(
                        Http2Settings.defaultSettings().pushEnabled(false).initialWindowSize(1 << 20))
                .frameListener(this)
                .build();
        private final IntObjectMap<Lane> lanes = new IntObjectHashMap<>();
        private ChannelHandlerContext ctx;

        @SuppressWarnings("NullAway.Init") // the context is set before the first request
        Connection() {}

        void opened(Channel channel) {
            ctx = channel.pipeline().context(codec);
        }

        void send(Lane lane, Http2Headers request) {
            int stream = codec.connection().local().incrementAndGetNextStreamId();
            lanes.put(stream, lane);
            codec.encoder().writeHeaders(ctx, stream, request, 0, true, ctx.newPromise());
            ctx.flush();
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int stream, ByteBuf data, int padding, boolean ends) {
            int bytes = data.readableBytes() + padding;
            if (ends) {
                end(stream);
            }
            return bytes;
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx, int stream, Http2Headers headers, int padding, boolean ends) {
            Lane lane = lanes.get(stream);
            CharSequence status = headers.status();
            if (lane != null && status != null) {
                lane.ok = "200".contentEquals(status);
            }
            if (ends) {
                end(stream);
            }
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int stream,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean ends) {
            onHeadersRead(ctx, stream, headers, padding, ends);
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int stream, long error) {
            Lane lane = lanes.get(stream);
            if (lane != null) {
                lane.ok = false;
            }
            end(stream);
        }

        @Override
        public void onGoAwayRead(ChannelHandlerContext ctx, int last, long error, ByteBuf debug) {
            lanes.values().forEach(CallingLoop.Lane::broken);
            lanes.clear();
            ctx.close();
        }

        private void end(int stream) {
            Lane lane = lanes.remove(stream);
            if (lane != null) {
                lane.answered(lane.ok);
            }
        }
    }
}
