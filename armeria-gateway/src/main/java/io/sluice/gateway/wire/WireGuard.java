package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import java.io.IOException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first to see what a caller says of HTTP: finds out which version it speaks and builds the rest of the connection's pipeline. Gone when that is
 * done.
 */
public final class WireGuard extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(WireGuard.class);
    private static final int BYTES_TO_TELL = 4;
    private static final int HTTP2_PREFACE = 0x50524920; // "PRI "

    private final Caller caller;
    private final BiConsumer<ChannelPipeline, Http1Gate> http1;
    private final Consumer<ChannelPipeline> http2;
    private @Nullable ByteBuf early;

    /**
     * @param http1 adds what takes the gate's messages and tells the gate what it answered, once a caller has begun to speak HTTP/1
     * @param http2 adds the gate of an {@link Http2Codec} and the codec, once a caller has begun to speak HTTP/2
     */
    public WireGuard(Caller caller, BiConsumer<ChannelPipeline, Http1Gate> http1, Consumer<ChannelPipeline> http2) {
        this.caller = caller;
        this.http1 = http1;
        this.http2 = http2;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        ByteBuf before = early;
        if (before != null) {
            bytes = ctx.alloc().buffer(before.readableBytes() + bytes.readableBytes());
            bytes.writeBytes(before).writeBytes((ByteBuf) message);
            before.release();
            ((ByteBuf) message).release();
            early = null;
        }
        if (mayBeHttp2(bytes) && bytes.readableBytes() < BYTES_TO_TELL) {
            early = bytes;
            return;
        }
        if (mayBeHttp2(bytes) && caller.takesHttp2()) {
            http2.accept(ctx.pipeline());
        } else if (caller.takesHttp1()) {
            guardHttp1(ctx.pipeline());
        } else {
            bytes.release();
            ctx.close();
            return;
        }
        ctx.fireChannelRead(bytes);
        ctx.pipeline().remove(this);
    }

    private static boolean mayBeHttp2(ByteBuf bytes) {
        for (int i = 0; i < Math.min(bytes.readableBytes(), BYTES_TO_TELL); i++) {
            if (bytes.getByte(bytes.readerIndex() + i) != (byte) (HTTP2_PREFACE >>> (24 - 8 * i))) {
                return false;
            }
        }
        return true;
    }

    private void guardHttp1(ChannelPipeline pipeline) {
        Http1Gate gate = new Http1Gate(caller);
        pipeline.addLast(gate);
        http1.accept(pipeline, gate);
    }

    /** The caller is gone before it said anything: no news. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException)) {
            log.warn("caller's connection failed remote={}", ctx.channel().remoteAddress(), cause);
        }
        ctx.close();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (early != null) {
            early.release();
            early = null;
        }
    }
}
