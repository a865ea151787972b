package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.flush.FlushConsolidationHandler;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of Armeria's HTTP code on one connection. HTTP/1 is not Armeria's: its handlers go, and our gate
 * comes in their place. For HTTP/2 Armeria sets its codec up when it has seen the first four bytes; they go ahead alone, our handler is put
 * behind the codec, then the rest follows. What must not be rewritten or pass is moved out of the way there, under the names of {@link WireMarks}.
 */
public final class WireGuard extends ChannelInboundHandlerAdapter {
    private static final int BYTES_TO_TELL = 4;
    private static final int HTTP2_PREFACE = 0x50524920; // "PRI "
    private static final int FLUSHES_AT_MOST = 256;
    private static final int MAX_HEADER_BYTES = 60 * 1024;
    private static final String ARMERIA = "com.linecorp.armeria.";
    private static final String TRAFFIC_LOG = "TrafficLoggingHandler";

    private final Caller caller;
    private final BiConsumer<ChannelPipeline, Http1Gate> http1;
    private @Nullable ByteBuf early;

    private WireGuard(Caller caller, BiConsumer<ChannelPipeline, Http1Gate> http1) {
        this.caller = caller;
        this.http1 = http1;
    }

    /**
     * To be called while the connection's pipeline is built.
     *
     * @param http1 adds what takes the gate's messages and tells the gate what it answered, once a caller has begun to speak HTTP/1
     */
    public static void install(ChannelPipeline pipeline, Caller caller, BiConsumer<ChannelPipeline, Http1Gate> http1) {
        // what is written while the upstream's connection is read goes out in one system call as well
        pipeline.replace(FlushConsolidationHandler.class, null, new FlushConsolidationHandler(FLUSHES_AT_MOST, true));
        pipeline.remove(named(pipeline, TRAFFIC_LOG));
        pipeline.addFirst(new WireGuard(caller, http1));
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
        ByteBuf rest = bytes;
        boolean http2 = mayBeHttp2(rest) && caller.takesHttp2();
        if (!http2 && !caller.takesHttp1()) {
            rest.release();
            ctx.close();
            return;
        }
        try {
            if (http2) {
                ctx.fireChannelRead(rest.readRetainedSlice(BYTES_TO_TELL));
                guardHttp2(ctx.pipeline());
            } else {
                guardHttp1(ctx.pipeline());
            }
        } catch (RuntimeException e) {
            rest.release();
            throw e;
        }
        ctx.fireChannelRead(rest);
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

    private void guardHttp2(ChannelPipeline pipeline) {
        Http2ConnectionHandler http2 = pipeline.get(Http2ConnectionHandler.class);
        Http2Floods floods = new Http2Floods(caller, http2.connection(), System::nanoTime);
        Http2Reader.install(http2.decoder(), MAX_HEADER_BYTES, floods);
        http2.decoder().frameListener(new Http2Guard(http2.decoder().frameListener(), http2.connection(), caller));
        pipeline.addBefore(pipeline.context(http2).name(), null, new Http2Gate(caller, floods));
    }

    private void guardHttp1(ChannelPipeline pipeline) {
        pipeline.remove(FlushConsolidationHandler.class);
        for (Map.Entry<String, ChannelHandler> entry :
                List.copyOf(pipeline.toMap().entrySet())) {
            if (entry.getValue().getClass().getName().startsWith(ARMERIA)) {
                pipeline.remove(entry.getKey());
            }
        }
        Http1Gate gate = new Http1Gate(caller);
        pipeline.addLast(gate);
        http1.accept(pipeline, gate);
    }

    private static String named(ChannelPipeline pipeline, String simpleName) {
        for (Map.Entry<String, ChannelHandler> entry : pipeline) {
            if (entry.getValue().getClass().getSimpleName().equals(simpleName)) {
                return entry.getKey();
            }
        }
        throw new IllegalStateException("no " + simpleName + " in " + pipeline.names());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (early != null) {
            early.release();
            early = null;
        }
    }
}
