package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.util.TransportType;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.util.concurrent.Future;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.ClusterSpec;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.cluster.breaker.Breakers;
import io.sluice.gateway.secret.UpstreamTls;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to one endpoint, and who waits for one. As in Envoy a request takes a free connection, else it waits and
 * a connection is opened where the breaker lets it, or where there is none at all; a connection that cannot be made fails everybody who
 * waits. On its loop.
 */
final class EndpointPool {
    private static final WriteBufferWaterMark WATERMARK = new WriteBufferWaterMark(32 * 1024, 64 * 1024);

    private final EventLoop loop;
    private final Cluster cluster;
    private final LiveEndpoint endpoint;
    private final Breakers breakers;
    private final TlsClients tls;
    private final String serverName;
    private final List<PooledConnection> connections = new ArrayList<>();
    private final Deque<UpstreamStream.User> waiting = new ArrayDeque<>();
    private int connecting;
    private boolean closed;

    /** @param serverName that TLS asks for in place of the configured one; empty leaves that */
    EndpointPool(
            EventLoop loop,
            Cluster cluster,
            LiveEndpoint endpoint,
            Breakers breakers,
            TlsClients tls,
            String serverName) {
        this.loop = loop;
        this.cluster = cluster;
        this.endpoint = endpoint;
        this.breakers = breakers;
        this.tls = tls;
        this.serverName = serverName;
    }

    EventLoop loop() {
        return loop;
    }

    ClusterSpec spec() {
        return cluster.spec();
    }

    /** Whether nothing is open or wanted. */
    boolean isEmpty() {
        return connections.isEmpty() && waiting.isEmpty() && connecting == 0;
    }

    boolean isClosed() {
        return closed;
    }

    /** Asks for a stream, which comes at once where a connection has room, else later, on the loop. */
    void open(UpstreamStream.User user) {
        PooledConnection free = free();
        if (free == null) {
            enqueue(user);
        } else {
            attach(free, user);
        }
    }

    private void enqueue(UpstreamStream.User user) {
        if (!breakers.pending().tryAcquire()) {
            loop.execute(() -> user.onReset(ResetReason.OVERFLOW, ""));
            return;
        }
        waiting.add(user);
        connectWhereNeeded();
    }

    /** Nobody waits for it any more. */
    void forget(UpstreamStream.User user) {
        if (waiting.remove(user)) {
            breakers.pending().release();
        }
    }

    private void connectWhereNeeded() {
        long capacity = spec().protocol() == ClusterSpec.Protocol.HTTP2
                ? spec().connections().http2().maxStreams()
                : 1;
        while (connecting * capacity < waiting.size()) {
            boolean hostIsFull = endpoint.connections() >= breakers.connectionsPerHost();
            if (hostIsFull || !breakers.connections().tryAcquire()) {
                cluster.stats().connectionOverflows.increment();
                if (!connections.isEmpty() || connecting > 0) {
                    return;
                }
                breakers.connections().acquireAnyway();
            }
            connect();
        }
    }

    private void connect() {
        connecting++;
        endpoint.connects();
        cluster.stats().connections.increment();
        PooledConnection connection =
                spec().protocol() == ClusterSpec.Protocol.HTTP2 ? new Http2Connection(this) : new Http1Connection(this);
        UpstreamTls secured = spec().sockets().of(endpoint.endpoint());
        TlsClients.Made made = secured == null ? null : tls.of(cluster, secured).orElse(null);
        if (secured != null && made == null) {
            loop.execute(() -> notConnected(ResetReason.REMOTE_CONNECTION_FAILURE, "TLS_error: secret is not there"));
            return;
        }
        ChannelFuture future = new Bootstrap()
                .group(loop)
                .channel(TransportType.socketChannelType(loop.parent()))
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        spec().connections().connectTimeout().toMillis())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, watermark())
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (secured != null && made != null) {
                            secure(channel, secured, made);
                        }
                        connection.install(channel);
                    }
                })
                .connect(endpoint.endpoint().address());
        future.addListener(done -> loop.execute(() -> connected(connection, future, made)));
    }

    private void secure(Channel channel, UpstreamTls spec, TlsClients.Made made) {
        SslHandler handler = made.tls()
                .handler(
                        serverName.isEmpty() ? spec.serverName() : serverName,
                        endpoint.endpoint().address().getPort(),
                        channel.alloc());
        handler.setHandshakeTimeoutMillis(spec().connections().connectTimeout().toMillis());
        channel.pipeline().addLast(handler);
    }

    private void notConnected(ResetReason reason, String transportFailure) {
        connecting--;
        breakers.connections().release();
        endpoint.disconnected();
        endpoint.couldNotConnect();
        cluster.stats().connectFailures.increment();
        if (reason == ResetReason.CONNECTION_TIMEOUT) {
            cluster.stats().connectTimeouts.increment();
        }
        failWaiting(reason, transportFailure);
    }

    private void connected(PooledConnection connection, ChannelFuture future, TlsClients.@Nullable Made made) {
        if (!future.isSuccess()) {
            Throwable cause = future.cause();
            boolean late = cause instanceof ConnectTimeoutException;
            notConnected(
                    late ? ResetReason.CONNECTION_TIMEOUT : ResetReason.REMOTE_CONNECTION_FAILURE,
                    late ? "" : "delayed connect error: " + Failures.transportText(cause));
            return;
        }
        if (made == null) {
            ready(connection, future.channel());
            return;
        }
        SslHandler handler = future.channel().pipeline().get(SslHandler.class);
        handler.handshakeFuture()
                .addListener(shaken -> loop.execute(() -> {
                    if (shaken.isSuccess()) {
                        made.meters().agreed(made.tls().session(handler, ""));
                        if (made.tls().believesAnybody()) {
                            made.unverified().increment();
                        }
                        ready(connection, future.channel());
                    } else {
                        made.meters().failed(false);
                        boolean late = shaken.cause() instanceof SslHandshakeTimeoutException;
                        notConnected(
                                late ? ResetReason.CONNECTION_TIMEOUT : ResetReason.REMOTE_CONNECTION_FAILURE,
                                late ? "" : Failures.tlsText(shaken.cause()));
                        connection.close();
                    }
                }));
    }

    private void ready(PooledConnection connection, Channel channel) {
        connections.add(connection);
        Future<?> age = growOld(connection);
        channel.closeFuture().addListener(gone -> {
            if (age != null) {
                age.cancel(false);
            }
            closed(connection);
        });
        if (connection.isUsable()) {
            usable();
        }
    }

    /** Ends a connection's time where that is limited; null where it is not. */
    private @Nullable Future<?> growOld(PooledConnection connection) {
        long most = spec().connections().maxDuration().toNanos();
        return most == 0
                ? null
                : loop.schedule(
                        () -> {
                            cluster.stats().oldConnections.increment();
                            connection.closeWhenIdle();
                        },
                        most,
                        TimeUnit.NANOSECONDS);
    }

    private WriteBufferWaterMark watermark() {
        int limit = spec().connections().bufferBytes();
        return limit == 0 ? WATERMARK : new WriteBufferWaterMark(limit / 2, limit);
    }

    /** A new connection takes streams from now on. */
    void usable() {
        connecting--;
        serveWaiting();
        if (closed) {
            close();
        }
    }

    private void closed(PooledConnection connection) {
        connections.remove(connection);
        cluster.stats().closedConnections.increment();
        breakers.connections().release();
        endpoint.disconnected();
        if (!connection.isUsable()) {
            connecting--;
            failWaiting(ResetReason.CONNECTION_TERMINATION, "");
        } else {
            connectWhereNeeded();
        }
    }

    private void failWaiting(ResetReason reason, String transportFailure) {
        List<UpstreamStream.User> failed = List.copyOf(waiting);
        waiting.clear();
        for (UpstreamStream.User user : failed) {
            breakers.pending().release();
            user.onReset(reason, transportFailure);
        }
    }

    /** A connection has room again. */
    void serveWaiting() {
        while (!waiting.isEmpty()) {
            PooledConnection free = free();
            if (free == null) {
                connectWhereNeeded();
                return;
            }
            breakers.pending().release();
            attach(free, waiting.remove());
        }
    }

    private void attach(PooledConnection connection, UpstreamStream.User user) {
        if (!breakers.requests().tryAcquire()) {
            user.onReset(ResetReason.OVERFLOW, "");
            return;
        }
        connection.attach(user);
    }

    /** To be called once for each stream that was attached, when it is over. */
    void streamEnded() {
        breakers.requests().release();
    }

    /** The most recently used one, so that others may idle out. */
    private @Nullable PooledConnection free() {
        for (int i = connections.size() - 1; i >= 0; i--) {
            if (connections.get(i).hasRoom()) {
                return connections.get(i);
            }
        }
        return null;
    }

    /** The endpoint is gone: what is idle is closed now, what is busy when it is done. */
    void close() {
        closed = true;
        for (PooledConnection connection : List.copyOf(connections)) {
            if (connection.isUsable() || waiting.isEmpty()) {
                connection.closeWhenIdle();
            }
        }
    }
}
