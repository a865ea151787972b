package io.sluice.gateway.upstream;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.util.concurrent.Future;
import io.sluice.gateway.cluster.Connections.Keepalive;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the peer whether it is there, and ends the connection when it does not answer in time. Sees all frames. On the connection's loop. */
final class KeepaliveHandler extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(KeepaliveHandler.class);

    private final Keepalive policy;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Future<?> next;
    private @Nullable Future<?> deadline;
    private long heard = System.nanoTime();
    private long sent;

    KeepaliveHandler(Keepalive policy) {
        this.policy = policy;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        scheduleNext(ctx);
        ctx.fireChannelActive();
    }

    private void scheduleNext(ChannelHandlerContext ctx) {
        long interval = policy.interval().toNanos();
        if (interval > 0) {
            long jitter = (long) (interval * policy.jitterPercent() / 100);
            next = ctx.executor()
                    .schedule(
                            () -> ping(ctx),
                            interval + (jitter > 0 ? ThreadLocalRandom.current().nextLong(jitter) : 0),
                            TimeUnit.NANOSECONDS);
        }
    }

    /** A request is about to go out. */
    void beforeRequest() {
        ChannelHandlerContext ctx = context;
        long idle = policy.idle().toNanos();
        if (ctx != null && idle > 0 && System.nanoTime() - heard > idle) {
            ping(ctx);
        }
    }

    private void ping(ChannelHandlerContext ctx) {
        if (deadline != null || !ctx.channel().isActive()) {
            return; // one at a time
        }
        ctx.writeAndFlush(new DefaultHttp2PingFrame(++sent));
        deadline = ctx.executor().schedule(() -> giveUp(ctx), policy.timeout().toNanos(), TimeUnit.NANOSECONDS);
    }

    private static void giveUp(ChannelHandlerContext ctx) {
        log.info(
                "upstream connection closed endpoint={} reason=http2_ping_timeout",
                ctx.channel().remoteAddress());
        ctx.channel().close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        heard = System.nanoTime();
        if (message instanceof Http2PingFrame ping && ping.ack() && deadline != null) {
            deadline.cancel(false);
            deadline = null;
            scheduleNext(ctx);
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (next != null) {
            next.cancel(false);
        }
        if (deadline != null) {
            deadline.cancel(false);
        }
        ctx.fireChannelInactive();
    }
}
