package io.sluice.gateway.listener;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import io.sluice.gateway.accesslog.TlsSession;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.wire.Caller;
import io.sluice.gateway.wire.Flood;
import io.sluice.gateway.wire.Refusal;
import io.sluice.gateway.wire.WireLimits;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A caller's connection and what is under way on it. Tells exchanges at once that their caller is gone. On the connection's event loop but for {@link #drain} and {@link #closeIfIdle}.
 */
final class DownstreamConnection extends ChannelInboundHandlerAdapter implements Caller {
    private static final AttributeKey<DownstreamConnection> KEY =
            AttributeKey.valueOf(DownstreamConnection.class, "connection");

    private final Channel channel;
    private final Set<DownstreamConnection> all;
    private final Supplier<HttpConnectionManager> manager;
    private final ListenerParts parts;
    private final List<ServerExchange> active = new ArrayList<>(1);
    private final long idleNanos;
    private long idleSince = System.nanoTime();
    private @Nullable Future<?> idleTimer;
    private @Nullable Future<?> durationTimer;
    private final long maxRequests;
    private long requests;
    private volatile FilterChains.@Nullable Chain chain;
    private @Nullable TlsSession session;
    private @Nullable ProxyHeader proxied;
    private final InetSocketAddress directRemote;
    private boolean used;
    private boolean draining;
    private @Nullable HttpConnectionManager limitedBy;
    private WireLimits limits = WireLimits.DEFAULT;

    private DownstreamConnection(
            Channel channel,
            Set<DownstreamConnection> all,
            Supplier<HttpConnectionManager> manager,
            ListenerParts parts,
            HttpConnectionManager first) {
        this.channel = channel;
        this.all = all;
        this.manager = manager;
        this.parts = parts;
        idleNanos = first.idleTimeout().toNanos();
        maxRequests = first.connections().maxRequests();
        directRemote = (InetSocketAddress) channel.remoteAddress();
    }

    /**
     * @param all those of the listener, which this one enters and leaves
     * @param manager the one in force
     * @param first the one whose limits of time and number hold for the connection
     */
    static DownstreamConnection accepted(
            Channel channel,
            Set<DownstreamConnection> all,
            Supplier<HttpConnectionManager> manager,
            ListenerParts parts,
            HttpConnectionManager first) {
        DownstreamConnection connection = new DownstreamConnection(channel, all, manager, parts, first);
        channel.attr(KEY).set(connection);
        channel.pipeline().addFirst(connection);
        all.add(connection);
        if (connection.idleNanos > 0) {
            connection.lookAgainIn(connection.idleNanos);
        }
        Duration longest = first.connections().maxDuration();
        if (!longest.isZero()) {
            connection.durationTimer =
                    channel.eventLoop().schedule(connection::lastedLongest, longest.toNanos(), TimeUnit.NANOSECONDS);
        }
        return connection;
    }

    private void lookAgainIn(long nanos) {
        idleTimer = channel.eventLoop().schedule(this::closeIfIdleTooLong, nanos, TimeUnit.NANOSECONDS);
    }

    private void closeIfIdleTooLong() {
        long left = active.isEmpty() ? idleSince + idleNanos - System.nanoTime() : idleNanos;
        if (left > 0) {
            lookAgainIn(left);
        } else {
            channel.close(); // HTTP/2's handler says GOAWAY first
        }
    }

    static DownstreamConnection of(Channel channel) {
        return channel.attr(KEY).get();
    }

    void chain(FilterChains.Chain chosen) {
        chain = chosen;
    }

    /** Null until it is chosen. */
    FilterChains.@Nullable Chain chain() {
        return chain;
    }

    /** @param header in place of the connection's own addresses */
    void proxied(ProxyHeader header) {
        proxied = header;
    }

    InetSocketAddress remoteAddress() {
        ProxyHeader header = proxied;
        return header == null || header.source() == null ? directRemote : header.source();
    }

    InetSocketAddress localAddress() {
        ProxyHeader header = proxied;
        return header == null || header.destination() == null
                ? (InetSocketAddress) channel.localAddress()
                : header.destination();
    }

    /** Whatever PROXY says. */
    InetSocketAddress directRemoteAddress() {
        return directRemote;
    }

    void session(TlsSession agreed) {
        session = agreed;
    }

    /** Null in clear text. */
    @Nullable
    TlsSession session() {
        return session;
    }

    // --- from the wire guard

    @Override
    public boolean takesHttp1() {
        return manager.get().http1().codec() != HttpConnectionManager.Codec.HTTP2;
    }

    @Override
    public boolean takesHttp2() {
        return manager.get().http1().codec() != HttpConnectionManager.Codec.HTTP1;
    }

    @Override
    public boolean takesAbsoluteTargets() {
        return manager.get().http1().absoluteTargets();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // whether it is another one; they are compared no deeper for each request
    public WireLimits limits() {
        HttpConnectionManager now = manager.get();
        if (now != limitedBy) {
            limitedBy = now;
            limits = WireLimits.of(now, parts.headersTimeout());
        }
        return limits;
    }

    @Override
    public void refused(Refusal why) {
        parts.wire().refused(why);
    }

    @Override
    public void flooded(Flood what) {
        parts.wire().flooded(what);
    }

    // --- exchanges

    /** At least 1. */
    int underWay() {
        return Math.max(1, active.size());
    }

    void begins(ServerExchange exchange) {
        used = true;
        active.add(exchange);
        if (++requests == maxRequests) {
            parts.meters().maxRequestsReached();
            end();
        }
    }

    @SuppressWarnings("ReferenceEquality") // an exchange is equal to itself only
    void ends(ServerExchange exchange) {
        for (int i = active.size() - 1; i >= 0; i--) {
            if (active.get(i) == exchange) {
                active.remove(i);
                if (active.isEmpty()) {
                    idleSince = System.nanoTime();
                }
                return;
            }
        }
    }

    /** No further request: HTTP/1 hears of it with its next answer, HTTP/2 now. */
    private void end() {
        drainNow(Duration.ZERO);
    }

    private void drainNow(Duration inFlight) {
        draining = true;
        Http2Downstream http2 = channel.pipeline().get(Http2Downstream.class);
        if (http2 != null) {
            http2.drain(inFlight);
        }
    }

    private void lastedLongest() {
        parts.meters().maxDurationReached();
        if (active.isEmpty()) {
            channel.close();
        } else {
            end();
        }
    }

    void closeIfNothingIsUnderWay() {
        channel.eventLoop().execute(() -> {
            if (active.isEmpty()) {
                channel.close();
            }
        });
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        all.remove(this);
        if (idleTimer != null) {
            idleTimer.cancel(false);
        }
        if (durationTimer != null) {
            durationTimer.cancel(false);
        }
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
        channel.eventLoop().execute(() -> drainNow(inFlight));
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
