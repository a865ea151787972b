package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Settings;

/** Writes what the codec answers by itself. Counts the answers to control frames, and the resets of streams, that wait for their caller to read. */
final class Http2Answers extends DefaultHttp2FrameWriter {
    private final Caller caller;
    private final Http2Floods floods;
    private final Http2Gate gate;
    private final ChannelFutureListener written = done -> queued(-1);
    private Runnable beforeFrames = () -> {};
    private int queued;

    Http2Answers(Http2HeadersEncoder encoder, Caller caller, Http2Floods floods, Http2Gate gate) {
        super(encoder);
        this.caller = caller;
        this.floods = floods;
        this.gate = gate;
    }

    void beforeFrames(Runnable task) {
        beforeFrames = task;
    }

    private void queued(int more) {
        queued += more;
    }

    private ChannelFuture count(ChannelFuture writing) {
        queued(1);
        if (queued > Http2Floods.OUTBOUND_CONTROL_FRAMES && !gate.isEnding()) {
            caller.flooded(Flood.OUTBOUND_CONTROL);
            gate.end(Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too many answers are not read"));
        }
        return writing.addListener(written);
    }

    @Override
    public ChannelFuture writeRstStream(ChannelHandlerContext ctx, int stream, long code, ChannelPromise promise) {
        beforeFrames.run();
        ChannelFuture writing = count(super.writeRstStream(ctx, stream, code, promise));
        try {
            floods.broken();
        } catch (Http2Exception e) {
            gate.end(e);
        }
        return writing;
    }

    @Override
    public ChannelFuture writeSettingsAck(ChannelHandlerContext ctx, ChannelPromise promise) {
        beforeFrames.run();
        return count(super.writeSettingsAck(ctx, promise));
    }

    @Override
    public ChannelFuture writePing(ChannelHandlerContext ctx, boolean ack, long data, ChannelPromise promise) {
        beforeFrames.run();
        return count(super.writePing(ctx, ack, data, promise));
    }

    @Override
    public ChannelFuture writeSettings(ChannelHandlerContext ctx, Http2Settings settings, ChannelPromise promise) {
        beforeFrames.run();
        return super.writeSettings(ctx, settings, promise);
    }

    @Override
    public ChannelFuture writeGoAway(
            ChannelHandlerContext ctx, int lastStream, long code, ByteBuf debugData, ChannelPromise promise) {
        beforeFrames.run();
        return super.writeGoAway(ctx, lastStream, code, debugData, promise);
    }

    @Override
    public ChannelFuture writeHeaders(
            ChannelHandlerContext ctx,
            int stream,
            Http2Headers headers,
            int padding,
            boolean end,
            ChannelPromise promise) {
        beforeFrames.run();
        return super.writeHeaders(ctx, stream, headers, padding, end, promise);
    }
}
