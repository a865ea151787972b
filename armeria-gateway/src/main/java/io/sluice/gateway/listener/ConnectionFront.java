package io.sluice.gateway.listener;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.ScheduledFuture;
import io.sluice.gateway.accesslog.TlsSession;
import io.sluice.gateway.secret.ServerTls;
import io.sluice.gateway.secret.TlsMeters;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The first to see a connection's bytes: finds out what its caller wants, chooses the filter chain, and puts that chain's TLS in front of
 * everything else. Gone when that is done.
 */
final class ConnectionFront extends ChannelInboundHandlerAdapter {
    /** Envoy's listener_filters_timeout. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** Envoy has none unless transport_socket_connect_timeout says so. */
    private static final Duration HANDSHAKE_PATIENCE = Duration.ofSeconds(15);

    private final DownstreamConnection connection;
    private final FilterChains chains;
    private final TlsMeters meters;
    private @Nullable ByteBuf early;
    private @Nullable ScheduledFuture<?> timer;

    ConnectionFront(DownstreamConnection connection, FilterChains chains, TlsMeters meters) {
        this.connection = connection;
        this.chains = chains;
        this.meters = meters;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timer = ctx.executor().schedule(() -> ctx.close(), PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = joined(ctx, (ByteBuf) message);
        early = bytes;
        switch (ClientHello.look(bytes)) {
            case MORE_NEEDED -> {}
            case CLEAR_TEXT -> decide(ctx, null);
            case TLS -> {
                Optional<ClientHello> hello;
                try {
                    hello = ClientHello.read(bytes);
                } catch (IllegalArgumentException e) {
                    decide(ctx, null);
                    return;
                }
                hello.ifPresent(said -> decide(ctx, said));
            }
        }
    }

    private ByteBuf joined(ChannelHandlerContext ctx, ByteBuf next) {
        ByteBuf before = early;
        if (before == null) {
            return next;
        }
        ByteBuf both = ctx.alloc().buffer(before.readableBytes() + next.readableBytes());
        both.writeBytes(before).writeBytes(next);
        before.release();
        next.release();
        return both;
    }

    /** @param hello null where it is none */
    private void decide(ChannelHandlerContext ctx, @Nullable ClientHello hello) {
        FilterChains.Chain chain = chains.first();
        connection.chain(chain);
        if (chain.isSecure()) {
            ServerTls tls = chain.tls();
            if (tls == null || hello == null) {
                meters.failed(false);
                ctx.close();
                return;
            }
            String name = hello.serverName().orElse(null);
            SslHandler handler = tls.handler(name, hello.ecdsa(), ctx.alloc());
            handler.setHandshakeTimeoutMillis(HANDSHAKE_PATIENCE.toMillis());
            ctx.pipeline().addAfter(ctx.name(), null, new Watch(handler, tls, name));
            ctx.pipeline().addAfter(ctx.name(), null, handler);
        }
        ByteBuf bytes = early;
        early = null;
        ctx.pipeline().remove(this);
        if (bytes != null) {
            ctx.fireChannelRead(bytes);
            ctx.fireChannelReadComplete();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
        if (early != null) {
            early.release();
            early = null;
        }
    }

    /** Behind the TLS: tells the connection what was agreed, and keeps what broke from those who speak HTTP. */
    private final class Watch extends ChannelInboundHandlerAdapter {
        private final SslHandler handler;
        private final ServerTls tls;
        private final @Nullable String serverName;

        Watch(SslHandler handler, ServerTls tls, @Nullable String serverName) {
            this.handler = handler;
            this.tls = tls;
            this.serverName = serverName;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslHandshakeCompletionEvent done) {
                if (done.isSuccess()) {
                    TlsSession session = tls.session(handler, serverName);
                    connection.session(session);
                    meters.agreed(session);
                } else {
                    meters.failed(String.valueOf(done.cause().getMessage()).contains("DID_NOT_RETURN_A_CERTIFICATE"));
                }
            }
            ctx.fireUserEventTriggered(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close(); // the caller's fault; counted where it was the handshake
        }
    }
}
