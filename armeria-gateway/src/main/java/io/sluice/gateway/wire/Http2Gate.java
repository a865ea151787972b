package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import org.jspecify.annotations.Nullable;

/**
 * Between the socket and an HTTP/2 connection: while the caller does not read what it made us write, nothing further of it is read; answers to its
 * control frames, and the resets of its streams, are counted as they go out.
 */
final class Http2Gate extends ChannelDuplexHandler {
    private static final WriteBufferWaterMark WATERMARK = new WriteBufferWaterMark(32 * 1024, 64 * 1024);
    private static final int FRAME_HEADER = 9;
    private static final int RST_STREAM_FRAME = FRAME_HEADER + 4;
    private static final int PING_FRAME = FRAME_HEADER + 8;
    private static final int TYPE = 3;

    private final Caller caller;
    private final Http2Floods floods;
    private @Nullable ByteBuf held;
    private int controlsQueued;
    private boolean paused;
    private boolean othersRead;
    private boolean closing;

    Http2Gate(Caller caller, Http2Floods floods) {
        this.caller = caller;
        this.floods = floods;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.channel().config().setWriteBufferWaterMark(WATERMARK);
    }

    // --- what goes out

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            int length = bytes.readableBytes();
            if (length >= FRAME_HEADER && length <= PING_FRAME) {
                count(ctx, bytes, length, promise);
            }
        }
        ctx.write(message, promise);
    }

    private void count(ChannelHandlerContext ctx, ByteBuf bytes, int length, ChannelPromise promise) {
        int payload = bytes.getUnsignedMedium(bytes.readerIndex());
        byte type = bytes.getByte(bytes.readerIndex() + TYPE);
        if (length == FRAME_HEADER && type == Http2FrameTypes.DATA) {
            floods.dataSent();
            return;
        }
        boolean reset = length == RST_STREAM_FRAME && payload == 4 && type == Http2FrameTypes.RST_STREAM;
        boolean ping = length == PING_FRAME && payload == 8 && type == Http2FrameTypes.PING;
        boolean settings = length == FRAME_HEADER && payload == 0 && type == Http2FrameTypes.SETTINGS;
        if (!reset && !ping && !settings) {
            return;
        }
        if (++controlsQueued > Http2Floods.OUTBOUND_CONTROL_FRAMES && !closing) {
            caller.flooded(Flood.OUTBOUND_CONTROL);
            end(ctx, Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too many answers are not read"));
        }
        if (!promise.isVoid()) {
            promise.addListener(written -> controlsQueued--);
        } else {
            controlsQueued--;
        }
        if (reset && !closing) {
            try {
                floods.broken();
            } catch (Http2Exception e) {
                end(ctx, e);
            }
        }
    }

    /** At once: what is queued is what the caller does not read. */
    private void end(ChannelHandlerContext ctx, Http2Exception why) {
        closing = true;
        ctx.executor().execute(() -> {
            Http2ConnectionHandler http2 = ctx.pipeline().get(Http2ConnectionHandler.class);
            if (http2 != null) {
                http2.onError(ctx.pipeline().context(http2), false, why);
            }
            ctx.flush();
            ctx.close();
        });
    }

    // --- what comes in

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (closing) {
            bytes.release();
        } else if (paused) {
            ByteBuf before = held;
            held = before == null
                    ? bytes
                    : ctx.alloc().compositeBuffer(Integer.MAX_VALUE).addComponents(true, before, bytes);
        } else {
            ctx.fireChannelRead(bytes);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!ctx.channel().isWritable()) {
            pause(ctx);
        } else {
            resume(ctx);
        }
        ctx.fireChannelWritabilityChanged();
    }

    private void pause(ChannelHandlerContext ctx) {
        if (!paused) {
            paused = true;
            othersRead = ctx.channel().config().isAutoRead();
            ctx.channel().config().setAutoRead(false);
        }
    }

    private void resume(ChannelHandlerContext ctx) {
        if (!paused) {
            return;
        }
        paused = false;
        ByteBuf rest = held;
        held = null;
        if (rest != null) {
            ctx.executor().execute(() -> {
                ctx.fireChannelRead(rest);
                ctx.fireChannelReadComplete();
            });
        }
        if (othersRead) {
            ctx.channel().config().setAutoRead(true);
        }
    }

    @Override
    public void read(ChannelHandlerContext ctx) {
        if (paused) {
            othersRead = true;
            ctx.channel().config().setAutoRead(false);
        } else {
            ctx.read();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        drop();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        drop();
        ctx.fireChannelInactive();
    }

    private void drop() {
        if (held != null) {
            held.release();
            held = null;
        }
    }
}
