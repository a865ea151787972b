package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.flush.FlushConsolidationHandler;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of Armeria's HTTP code on one connection. Armeria sets its codec up when it has seen the first four bytes; they go ahead
 * alone, our handler is put behind the codec, then the rest follows. What Armeria would rewrite or let pass is moved out of its way there, under
 * the names of {@link WireMarks}.
 */
public final class WireGuard extends ChannelInboundHandlerAdapter {
    private static final int BYTES_TO_TELL = 4;
    private static final int FLUSHES_AT_MOST = 256;
    private static final String HTTP1_DECODER = "Http1RequestDecoder";
    private static final String TRAFFIC_LOG = "TrafficLoggingHandler";
    private static final String HTTP1_UPGRADE = "HttpServerUpgradeHandler";

    private @Nullable ByteBuf early;

    private WireGuard() {}

    /** To be called while the connection's pipeline is built. */
    public static void install(ChannelPipeline pipeline) {
        // what is written while the upstream's connection is read goes out in one system call as well
        pipeline.replace(FlushConsolidationHandler.class, null, new FlushConsolidationHandler(FLUSHES_AT_MOST, true));
        pipeline.remove(named(pipeline, TRAFFIC_LOG));
        pipeline.addFirst(new WireGuard());
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
        if (bytes.readableBytes() < BYTES_TO_TELL) {
            early = bytes;
            return;
        }
        ByteBuf rest = bytes;
        ctx.fireChannelRead(rest.readRetainedSlice(BYTES_TO_TELL));
        try {
            guard(ctx.pipeline());
        } catch (RuntimeException e) {
            rest.release();
            throw e;
        }
        ctx.fireChannelRead(rest);
        ctx.pipeline().remove(this);
    }

    private static void guard(ChannelPipeline pipeline) {
        Http2ConnectionHandler http2 = pipeline.get(Http2ConnectionHandler.class);
        if (http2 != null) {
            http2.decoder().frameListener(new Http2Guard(http2.decoder().frameListener()));
            return;
        }
        pipeline.addBefore(named(pipeline, HTTP1_DECODER), null, new Http1Guard());
        // Envoy takes no part in an upgrade from HTTP/1 to HTTP/2
        pipeline.remove(named(pipeline, HTTP1_UPGRADE));
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
