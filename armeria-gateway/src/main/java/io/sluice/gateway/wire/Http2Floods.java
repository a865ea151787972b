package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How much of what costs us and not him a caller may send on one HTTP/2 connection; beyond it the connection ends with ENHANCE_YOUR_CALM. Envoy's
 * limits under Envoy's names where it has them. Source: Envoy docs, Http2ProtocolOptions. Knows which streams are over, too, which Netty forgets.
 */
final class Http2Floods {
    /** max_outbound_control_frames */
    static final int OUTBOUND_CONTROL_FRAMES = 1000;

    /** max_consecutive_inbound_frames_with_empty_payload */
    static final int EMPTY_FRAMES = 1;

    /** max_inbound_priority_frames_per_stream */
    private static final long PRIORITIES_PER_STREAM = 100;

    /** max_inbound_window_update_frames_per_data_frame_sent */
    private static final long WINDOW_UPDATES_PER_DATA = 10;

    /** Of PING, SETTINGS and unknown frames; a caller that measures its bandwidth with PINGs stays far below it. */
    static final int CONTROL_FRAMES = 10_000;

    /** Of streams that were broken off or malformed, on whichever side, where they are more than half of all. */
    static final int BROKEN_STREAMS = 200;

    private static final long WINDOW_NANOS = 30_000_000_000L;

    /** How many streams back we know how each ended. */
    private static final int REMEMBERED = 128;

    private final Caller caller;
    private final Http2Connection connection;
    private final LongSupplier nanoTime;

    /** At {@code stream / 2 % REMEMBERED}: the stream, negative once the caller has ended it. */
    private final int[] remembered = new int[REMEMBERED];

    private long windowStart;
    private int controls;
    private int broken;
    private int opened;
    private long streams;
    private long priorities;
    private long windowUpdates;
    private long dataSent;
    private int empty;
    private @Nullable Http2FrameListener listener;
    private @Nullable Http2FrameListener counting;

    Http2Floods(Caller caller, Http2Connection connection, LongSupplier nanoTime) {
        this.caller = caller;
        this.connection = connection;
        this.nanoTime = nanoTime;
        windowStart = nanoTime.getAsLong();
    }

    /** @return a listener that counts, and tells this one */
    @SuppressWarnings("ReferenceEquality") // it is one object for the life of a connection, but for the preface
    Http2FrameListener before(Http2FrameListener next) {
        Http2FrameListener known = counting;
        if (known == null || listener != next) {
            listener = next;
            known = new Counting(next);
            counting = known;
        }
        return known;
    }

    void dataSent() {
        dataSent++;
    }

    private Http2Exception tooMany(Flood what) {
        caller.flooded(what);
        return Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too many: %s", what);
    }

    private void newWindow() {
        long now = nanoTime.getAsLong();
        if (now - windowStart > WINDOW_NANOS) {
            windowStart = now;
            controls = 0;
            broken = 0;
            opened = 0;
        }
    }

    private void control() throws Http2Exception {
        newWindow();
        if (++controls > CONTROL_FRAMES) {
            throw tooMany(Flood.CONTROL_FRAMES);
        }
    }

    /** A stream was broken off, by the caller or by us, or was never right. */
    void broken() throws Http2Exception {
        newWindow();
        if (++broken > BROKEN_STREAMS && broken > opened / 2) {
            throw tooMany(Flood.BROKEN_STREAMS);
        }
    }

    private void payload(boolean nothing, boolean end) throws Http2Exception {
        if (!nothing || end) {
            empty = 0;
        } else if (++empty > EMPTY_FRAMES) {
            throw tooMany(Flood.EMPTY_FRAMES);
        }
    }

    private void priority() throws Http2Exception {
        if (++priorities > PRIORITIES_PER_STREAM * (1 + streams)) {
            throw tooMany(Flood.PRIORITIES);
        }
    }

    private final class Counting extends Http2FrameListenerDecorator {
        private long lastStream;

        Counting(Http2FrameListener next) {
            super(next);
        }

        private void headers(int stream, boolean end) throws Http2Exception {
            if (stream > lastStream) {
                lastStream = stream;
                remembered[slot(stream)] = stream;
                streams++;
                newWindow();
                opened++;
            } else if (remembered[slot(stream)] == -stream) {
                throw Http2Exception.connectionError(
                        Http2Error.STREAM_CLOSED, "a header block of stream %d, which has ended", stream);
            } else if (connection.stream(stream) == null && remembered[slot(stream)] != stream) {
                // one that we broke off may still have had trailers under way, but this one was not opened
                throw Http2Exception.connectionError(
                        Http2Error.PROTOCOL_ERROR, "stream %d behind stream %d", stream, lastStream);
            }
            empty = 0;
            ended(stream, end);
        }

        private int slot(int stream) {
            return (stream >>> 1) % REMEMBERED;
        }

        private void ended(int stream, boolean end) {
            if (end && remembered[slot(stream)] == stream) {
                remembered[slot(stream)] = -stream;
            }
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int stream, ByteBuf data, int padding, boolean end)
                throws Http2Exception {
            payload(!data.isReadable(), end);
            ended(stream, end);
            return super.onDataRead(ctx, stream, data, padding, end);
        }

        @Override
        public void onHeadersRead(ChannelHandlerContext ctx, int stream, Http2Headers fields, int padding, boolean end)
                throws Http2Exception {
            headers(stream, end);
            super.onHeadersRead(ctx, stream, fields, padding, end);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int stream,
                Http2Headers fields,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean end)
                throws Http2Exception {
            headers(stream, end);
            super.onHeadersRead(ctx, stream, fields, dependency, weight, exclusive, padding, end);
        }

        @Override
        public void onPriorityRead(
                ChannelHandlerContext ctx, int stream, int dependency, short weight, boolean exclusive)
                throws Http2Exception {
            priority();
            super.onPriorityRead(ctx, stream, dependency, weight, exclusive);
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int stream, long code) throws Http2Exception {
            broken();
            ended(stream, true);
            super.onRstStreamRead(ctx, stream, code);
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) throws Http2Exception {
            control();
            super.onSettingsRead(ctx, settings);
        }

        @Override
        public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
            control();
            super.onPingRead(ctx, data);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
            control();
            super.onPingAckRead(ctx, data);
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext ctx, int stream, int increment) throws Http2Exception {
            if (++windowUpdates > 5 + 2 * (streams + WINDOW_UPDATES_PER_DATA * dataSent)) {
                throw tooMany(Flood.WINDOW_UPDATES);
            }
            super.onWindowUpdateRead(ctx, stream, increment);
        }

        @Override
        public void onUnknownFrame(ChannelHandlerContext ctx, byte type, int stream, Http2Flags flags, ByteBuf payload)
                throws Http2Exception {
            control();
            super.onUnknownFrame(ctx, type, stream, flags, payload);
        }
    }
}
