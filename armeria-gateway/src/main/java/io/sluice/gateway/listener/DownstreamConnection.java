package io.sluice.gateway.listener;

import com.linecorp.armeria.internal.common.InitiateConnectionShutdown;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.util.AttributeKey;
import io.sluice.gateway.wire.WireGuard;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A caller's connection and what is under way on it. Tells exchanges at once that their caller is gone; Armeria gives HTTP/1 a second first. On
 * the connection's event loop but for {@link #drain} and {@link #closeIfIdle}.
 */
final class DownstreamConnection extends ChannelInboundHandlerAdapter {
    private static final AttributeKey<DownstreamConnection> KEY =
            AttributeKey.valueOf(DownstreamConnection.class, "connection");

    private final Channel channel;
    private final Set<DownstreamConnection> all;
    private final List<ServerExchange> active = new ArrayList<>(1);
    private boolean used;
    private boolean draining;

    private DownstreamConnection(Channel channel, Set<DownstreamConnection> all) {
        this.channel = channel;
        this.all = all;
    }

    /** @param all those of the listener, which this one enters and leaves */
    static void accepted(Channel channel, Set<DownstreamConnection> all) {
        WireGuard.install(channel.pipeline());
        DownstreamConnection connection = new DownstreamConnection(channel, all);
        channel.attr(KEY).set(connection);
        channel.pipeline().addFirst(connection);
        all.add(connection);
    }

    static DownstreamConnection of(Channel channel) {
        return channel.attr(KEY).get();
    }

    void begins(ServerExchange exchange) {
        used = true;
        active.add(exchange);
    }

    @SuppressWarnings("ReferenceEquality") // an exchange is equal to itself only
    void ends(ServerExchange exchange) {
        for (int i = active.size() - 1; i >= 0; i--) {
            if (active.get(i) == exchange) {
                active.remove(i);
                return;
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        all.remove(this);
        for (ServerExchange exchange : List.copyOf(active)) {
            exchange.disconnected();
        }
        ctx.fireChannelInactive();
    }

    /**
     * GOAWAY where there are streams. HTTP/1 is told with the head of its next answer: an answer whose head is out already does not end the
     * connection, since its caller may be sending the next request.
     */
    void drain(Duration inFlight) {
        channel.eventLoop().execute(() -> {
            draining = true;
            if (channel.pipeline().get(Http2ConnectionHandler.class) != null) {
                channel.pipeline().fireUserEventTriggered(InitiateConnectionShutdown.of(inFlight.toNanos() / 1_000));
            }
        });
    }

    boolean isDraining() {
        return draining;
    }

    /** Closes a connection on which nothing was asked since the last call of this. */
    void closeIfIdle() {
        channel.eventLoop().execute(() -> {
            if (!used && active.isEmpty()) {
                channel.close();
            }
            used = false;
        });
    }

    void closeBehindWrites() {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    void close() {
        channel.close();
    }
}
