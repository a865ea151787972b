package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.stream.ClosedStreamException;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.micrometer.core.instrument.Counter;
import io.netty.channel.Channel;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One port: an Armeria server whose only service reads the newest connection manager for each request, so that a change of configuration is one
 * write and never touches the socket. A request under way keeps the manager it began with.
 */
final class GatewayListener implements HttpService {
    private static final Logger log = LoggerFactory.getLogger(GatewayListener.class);
    private static final int MAX_HEADER_BYTES = 60 * 1024;

    /** As in Envoy's edge guide: what a caller may make us keep while its upstreams are slow. */
    private static final int STREAM_WINDOW_BYTES = 64 * 1024;

    private static final int CONNECTION_WINDOW_BYTES = 1024 * 1024;

    /** How long a connection may stay unused while the listener drains. */
    private static final Duration IDLE_WHILE_DRAINING = Duration.ofSeconds(1);

    private final InetSocketAddress address;
    private final Acceptor acceptor = new Acceptor();
    private final Server server;
    private final ListenerParts parts;
    private final Set<DownstreamConnection> connections = ConcurrentHashMap.newKeySet();
    private final TlsMeters tlsMeters;
    private final Counter noMatch;
    private volatile FilterChains chains;
    private volatile boolean draining;

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
        chains = FilterChains.of(listener, secrets, tlsMeters, null);
        HttpConnectionManager manager = listener.manager();
        server = Server.builder()
                .http(address)
                .bossGroupFactory(acceptor::group)
                .workerGroup(workers, false)
                .childChannelPipelineCustomizer(pipeline -> accepted(pipeline.channel()))
                .serviceUnder("/", this)
                .requestTimeoutMillis(0)
                .maxRequestLength(0)
                .idleTimeoutMillis(0) // ours
                .disableServerHeader()
                .disableDateHeader()
                .verboseResponses(false)
                .errorHandler(
                        (ctx, cause) -> cause instanceof ClosedStreamException ? HttpResponse.ofFailure(cause) : null)
                .http1MaxHeaderSize(MAX_HEADER_BYTES)
                .http1MaxInitialLineLength(MAX_HEADER_BYTES)
                .http2MaxHeaderListSize(MAX_HEADER_BYTES)
                .http2InitialStreamWindowSize(STREAM_WINDOW_BYTES)
                .http2InitialConnectionWindowSize(CONNECTION_WINDOW_BYTES)
                .http2MaxStreamsPerConnection(manager.http2MaxStreams())
                .http2MaxResetFramesPerWindow(0, 0) // counted in the wire guard, with our own ones
                .unloggedExceptionsReportIntervalMillis(0) // a broken answer is in the access log
                .gracefulShutdownTimeoutMillis(0, 0)
                .build();
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
        WireGuard.install(
                channel.pipeline(),
                connection,
                (pipeline, gate) -> pipeline.addLast(new Http1Downstream(channel, gate, this::begin)));
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

    InetSocketAddress address() {
        return address;
    }

    /** Completes when the port takes connections; exceptionally where it cannot be had. */
    CompletableFuture<Void> start() {
        chains.goLive();
        return server.start();
    }

    void update(CompiledListener next, Secrets secrets) {
        FilterChains now = FilterChains.of(next, secrets, tlsMeters, chains);
        chains = now;
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
        return server.activeLocalPort();
    }

    @Override
    public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) {
        HttpResponseWriter writer = HttpResponse.streaming();
        begin(new ArmeriaStream(ctx, request, writer));
        return writer;
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
        acceptor.close();
        connections.forEach(connection -> connection.drain(IDLE_WHILE_DRAINING));
        CompletableFuture<Void> gone = new CompletableFuture<>();
        long now = System.nanoTime();
        await(gone, now + limit.toNanos(), now + IDLE_WHILE_DRAINING.toNanos());
        return gone.thenRun(() -> {
            connections.forEach(DownstreamConnection::close);
            server.stop(); // takes two seconds of Netty's own, for which nobody needs to wait
        });
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
