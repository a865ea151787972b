package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.sluice.gateway.compile.CompiledListener;
import io.sluice.gateway.compile.HttpConnectionManager;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One port: an Armeria server whose only service reads the newest connection manager for each request, so that a change of configuration is one
 * write and never touches the socket. A request under way keeps the manager it began with.
 */
final class GatewayListener implements HttpService {
    private static final int MAX_HEADER_BYTES = 60 * 1024;
    private static final int STREAM_WINDOW_BYTES = 1024 * 1024;
    private static final int CONNECTION_WINDOW_BYTES = 16 * STREAM_WINDOW_BYTES;

    private final InetSocketAddress address;
    private final Server server;
    private final ListenerParts parts;
    private final Set<ServiceRequestContext> active = ConcurrentHashMap.newKeySet();
    private volatile HttpConnectionManager manager;
    private volatile boolean draining;
    private volatile @Nullable Channel socket;

    GatewayListener(CompiledListener listener, EventLoopGroup workers, ListenerParts parts) {
        this.parts = parts;
        address = listener.address();
        manager = listener.manager();
        server = Server.builder()
                .http(address)
                .defaultHostname(ListenerParts.NO_HOST)
                .workerGroup(workers, false)
                .childChannelPipelineCustomizer(
                        pipeline -> socket = pipeline.channel().parent())
                .serviceUnder("/", this)
                .requestTimeoutMillis(0)
                .maxRequestLength(0)
                .idleTimeout(manager.idleTimeout())
                .disableServerHeader()
                .disableDateHeader()
                .verboseResponses(false)
                .http1MaxHeaderSize(MAX_HEADER_BYTES)
                .http1MaxInitialLineLength(MAX_HEADER_BYTES)
                .http2MaxHeaderListSize(MAX_HEADER_BYTES)
                .http2InitialStreamWindowSize(STREAM_WINDOW_BYTES)
                .http2InitialConnectionWindowSize(CONNECTION_WINDOW_BYTES)
                .http2MaxStreamsPerConnection(manager.http2MaxStreams())
                .gracefulShutdownTimeoutMillis(0, 0)
                .build();
    }

    InetSocketAddress address() {
        return address;
    }

    /** Completes when the port takes connections; exceptionally where it cannot be had. */
    CompletableFuture<Void> start() {
        return server.start();
    }

    void update(HttpConnectionManager next) {
        manager = next;
    }

    @Override
    public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) {
        HttpResponseWriter writer = HttpResponse.streaming();
        active.add(ctx);
        writer.whenComplete().handle((done, cause) -> active.remove(ctx));
        if (draining) {
            ctx.initiateConnectionShutdown();
        }
        new ServerExchange(ctx, request, writer, manager, parts).start();
        return writer;
    }

    /**
     * Takes no further connection, tells the callers of open ones to go elsewhere, lets what is under way finish, then closes everything.
     *
     * @param limit after which what is left is cut off
     */
    CompletableFuture<Void> drain(Duration limit) {
        draining = true;
        // Armeria goes on accepting until it stops; without any connection so far there is nothing to wait for
        Channel accepting = socket;
        if (accepting != null) {
            accepting.close();
        }
        active.forEach(ServiceRequestContext::initiateConnectionShutdown);
        CompletableFuture<Void> idle = new CompletableFuture<>();
        await(idle, System.nanoTime() + limit.toNanos());
        return idle.thenCompose(done -> server.stop());
    }

    private void await(CompletableFuture<Void> idle, long deadline) {
        if (active.isEmpty() || System.nanoTime() >= deadline) {
            idle.complete(null);
        } else {
            CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS).execute(() -> await(idle, deadline));
        }
    }
}
