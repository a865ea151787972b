package io.sluice.gateway.listener;

import com.linecorp.armeria.common.util.TransportType;
import io.micrometer.core.instrument.Counter;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.sluice.gateway.compile.CompiledListener;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.secret.Secrets;
import io.sluice.gateway.secret.TlsMeters;
import io.sluice.gateway.wire.WireGuard;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One port. Each request asks for the newest connection manager, so that a change of configuration is one write and never touches the socket. A
 * request under way keeps the manager it began with.
 */
final class GatewayListener {
    private static final Logger log = LoggerFactory.getLogger(GatewayListener.class);
    /** How long a connection may stay unused while the listener drains. */
    private static final Duration IDLE_WHILE_DRAINING = Duration.ofSeconds(1);

    private final InetSocketAddress address;
    private final ServerBootstrap bootstrap;
    private final ListenerParts parts;
    private final Set<DownstreamConnection> connections = ConcurrentHashMap.newKeySet();
    private final TlsMeters tlsMeters;
    private final Counter noMatch;
    private volatile CompiledListener compiled;
    private volatile FilterChains chains;
    private volatile boolean draining;
    private volatile @Nullable Channel socket;

    GatewayListener(
            CompiledListener listener,
            Secrets secrets,
            EventLoopGroup workers,
            ListenerParts parts,
            TlsMeters tlsMeters,
            Counter noMatch) {
        this.parts = parts;
        address = listener.address();
        this.tlsMeters = tlsMeters;
        this.noMatch = noMatch;
        compiled = listener;
        chains = FilterChains.of(listener, secrets, tlsMeters, null);
        bootstrap = new ServerBootstrap()
                .group(workers)
                .channel(TransportType.serverChannelType(workers))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accepted(channel);
                    }
                });
    }

    private void accepted(Channel channel) {
        if (!parts.overload().connected()) {
            channel.close();
            return;
        }
        channel.closeFuture().addListener(closed -> parts.overload().disconnected());
        FilterChains now = chains;
        DownstreamConnection connection = DownstreamConnection.accepted(
                channel,
                connections,
                () -> manager(DownstreamConnection.of(channel)),
                parts,
                now.first().manager());
        channel.pipeline()
                .addLast(new WireGuard(
                        connection,
                        (pipeline, gate) -> pipeline.addLast(new Http1Downstream(channel, gate, this::begin)),
                        pipeline -> Http2Downstream.addTo(pipeline, manager(connection), this::begin)));
        if (now.lookFirst()) {
            channel.pipeline().addFirst(new ConnectionFront(connection, now, tlsMeters, noMatch));
        }
        if (draining) {
            connection.drain(Duration.ZERO);
        }
    }

    /** Closes connections on which nothing is under way. */
    void closeIdle() {
        connections.forEach(DownstreamConnection::closeIfNothingIsUnderWay);
    }

    /** What it obeys; the port may be 0 for any. */
    CompiledListener compiled() {
        return compiled;
    }

    InetSocketAddress address() {
        return address;
    }

    /** Completes when the port takes connections; exceptionally where it cannot be had. */
    CompletableFuture<Void> start() {
        chains.goLive();
        CompletableFuture<Void> started = new CompletableFuture<>();
        bootstrap.bind(address).addListener((ChannelFuture bound) -> {
            if (bound.isSuccess()) {
                socket = bound.channel();
                started.complete(null);
            } else {
                started.completeExceptionally(bound.cause());
            }
        });
        return started;
    }

    void update(CompiledListener next, Secrets secrets) {
        FilterChains now = FilterChains.of(next, secrets, tlsMeters, chains);
        chains = now;
        compiled = next;
        now.goLive();
        for (DownstreamConnection connection : connections) {
            FilterChains.Chain chosen = connection.chain();
            if (chosen != null && now.successor(chosen) == null) {
                connection.drain(IDLE_WHILE_DRAINING);
            }
        }
    }

    /** Where it listens, once it does. */
    int port() {
        return ((InetSocketAddress) socket().localAddress()).getPort();
    }

    private Channel socket() {
        Channel bound = socket;
        if (bound == null) {
            throw new IllegalStateException("not started");
        }
        return bound;
    }

    /** Of the newest chain that is what the connection's was; else of that one, until its connection ends. */
    private HttpConnectionManager manager(DownstreamConnection connection) {
        FilterChains now = chains;
        FilterChains.Chain chosen = connection.chain();
        if (chosen == null) {
            return now.first().manager();
        }
        FilterChains.Chain successor = now.successor(chosen);
        return (successor == null ? chosen : successor).manager();
    }

    private void begin(DownstreamStream stream) {
        ServerExchange exchange = new ServerExchange(stream, manager(stream.connection()), parts);
        try {
            exchange.start();
        } catch (RuntimeException e) {
            log.error("an exchange could not begin path={}", exchange.request().path(), e);
            stream.abort(e); // answered with 500; the exchange ends with its stream
        }
    }

    /**
     * Takes no further connection, tells the callers of open ones to go elsewhere, lets what is under way finish, then closes everything. A caller
     * that is silent for a while is gone; one that is not hears of the end with its next answer.
     *
     * @param limit after which what is left is cut off
     */
    CompletableFuture<Void> drain(Duration limit) {
        draining = true;
        socket().close().syncUninterruptibly();
        connections.forEach(connection -> connection.drain(IDLE_WHILE_DRAINING));
        CompletableFuture<Void> gone = new CompletableFuture<>();
        long now = System.nanoTime();
        await(gone, now + limit.toNanos(), now + IDLE_WHILE_DRAINING.toNanos());
        return gone.thenRun(() -> connections.forEach(DownstreamConnection::close));
    }

    private void await(CompletableFuture<Void> gone, long deadline, long nextLook) {
        long now = System.nanoTime();
        if (connections.isEmpty() || now - deadline >= 0) {
            gone.complete(null);
            return;
        }
        boolean look = now - nextLook >= 0;
        if (look) {
            connections.forEach(DownstreamConnection::closeIfIdle);
        }
        long next = look ? now + IDLE_WHILE_DRAINING.toNanos() : nextLook;
        CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS).execute(() -> await(gone, deadline, next));
    }
}
