package io.sluice.gateway.listener;

import io.micrometer.core.instrument.Counter;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.ScheduledFuture;
import io.sluice.gateway.accesslog.TlsSession;
import io.sluice.gateway.compile.ListenerLook;
import io.sluice.gateway.secret.ServerTls;
import io.sluice.gateway.secret.TlsMeters;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The first to see a connection's bytes: finds out what its caller wants, chooses the filter chain, and puts that chain's TLS in front of
 * everything else. Gone when that is done.
 */
final class ConnectionFront extends ChannelInboundHandlerAdapter {
    /** Envoy has none unless transport_socket_connect_timeout says so. */
    private static final Duration HANDSHAKE_PATIENCE = Duration.ofSeconds(15);

    private static final String HTTP2_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int MAX_REQUEST_LINE = 8 * 1024;

    private final DownstreamConnection connection;
    private final FilterChains chains;
    private final TlsMeters meters;
    private final Counter noMatch;
    private @Nullable ByteBuf early;
    private FilterChains.@Nullable Chain chosen;
    private boolean proxied;
    private @Nullable ScheduledFuture<?> timer;

    /** @param noMatch counts connections that no chain is for */
    ConnectionFront(DownstreamConnection connection, FilterChains chains, TlsMeters meters, Counter noMatch) {
        this.connection = connection;
        this.chains = chains;
        this.meters = meters;
        this.noMatch = noMatch;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ListenerLook look = chains.look();
        if (!chains.chooseByBytes()) {
            return;
        }
        if (!look.timeout().isZero()) {
            timer = ctx.executor()
                    .schedule(() -> tookTooLong(ctx), look.timeout().toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (!chains.chooseByBytes()) {
            choose(ctx, List.of(), "raw_buffer", "");
        }
        ctx.fireChannelActive();
    }

    private void tookTooLong(ChannelHandlerContext ctx) {
        if (chosen == null && chains.look().goOn()) {
            choose(ctx, List.of(), "raw_buffer", "");
        } else {
            ctx.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = joined(ctx, (ByteBuf) message);
        early = bytes;
        if (chains.look().proxyProtocol() && !proxied && !skipProxyHeader(ctx, bytes)) {
            return;
        }
        if (chosen != null) {
            hello(ctx, bytes);
        } else if (chains.look().tls() || chains.look().http()) {
            inspect(ctx, bytes);
        } else {
            choose(ctx, List.of(), "raw_buffer", "");
        }
    }

    /** @return whether what follows may be looked at */
    private boolean skipProxyHeader(ChannelHandlerContext ctx, ByteBuf bytes) {
        switch (ProxyHeader.read(bytes)) {
            case ProxyHeader.Read.More more -> {
                return false;
            }
            case ProxyHeader.Read.Found found -> {
                bytes.skipBytes(found.header().length());
                connection.proxied(found.header());
            }
            case ProxyHeader.Read.None none when chains.look().withoutProxyProtocol() -> {}
            case ProxyHeader.Read.None none -> {
                ctx.close();
                return false;
            }
            case ProxyHeader.Read.Wrong wrong -> {
                ctx.close();
                return false;
            }
        }
        proxied = true;
        return bytes.isReadable() || !(chains.look().tls() || chains.look().http());
    }

    /** Finds out what chains are chosen by. */
    private void inspect(ChannelHandlerContext ctx, ByteBuf bytes) {
        switch (ClientHello.look(bytes)) {
            case MORE_NEEDED -> {}
            case TLS -> {
                if (!chains.look().tls()) {
                    choose(ctx, List.of(), "raw_buffer", "");
                    return;
                }
                try {
                    ClientHello.read(bytes)
                            .ifPresent(said -> choose(
                                    ctx, said.alpn(), "tls", said.serverName().orElse("")));
                } catch (IllegalArgumentException e) {
                    ctx.close();
                }
            }
            case CLEAR_TEXT -> {
                if (!chains.look().http()) {
                    choose(ctx, List.of(), "raw_buffer", "");
                    return;
                }
                spoken(bytes).ifPresent(spoken -> choose(ctx, spoken, "raw_buffer", ""));
            }
        }
    }

    /** As the HTTP inspector names it. @return empty where more bytes are needed */
    private static Optional<List<String>> spoken(ByteBuf bytes) {
        String text = bytes.toString(StandardCharsets.ISO_8859_1);
        if (text.startsWith(HTTP2_PREFACE)) {
            return Optional.of(List.of("h2c"));
        }
        if (HTTP2_PREFACE.startsWith(text)) {
            return Optional.empty();
        }
        int end = text.indexOf("\r\n");
        if (end < 0) {
            return text.length() < MAX_REQUEST_LINE ? Optional.empty() : Optional.of(List.of());
        }
        String line = text.substring(0, end);
        return Optional.of(
                line.endsWith(" HTTP/1.1")
                        ? List.of("http/1.1")
                        : line.endsWith(" HTTP/1.0") ? List.of("http/1.0") : List.of());
    }

    private void choose(ChannelHandlerContext ctx, List<String> applications, String transport, String name) {
        FilterChains.Chain chain = chains.choose(new ChainChoice.Asked(
                connection.localAddress(),
                connection.remoteAddress(),
                connection.directRemoteAddress(),
                name,
                transport,
                applications));
        if (chain == null) {
            noMatch.increment();
            ctx.close();
            return;
        }
        chosen = chain;
        connection.chain(chain);
        if (!chain.isSecure()) {
            handOver(ctx);
        } else {
            patienceForHello(ctx, chain);
            if (early != null && early.isReadable()) {
                hello(ctx, early);
            }
        }
    }

    private void patienceForHello(ChannelHandlerContext ctx, FilterChains.Chain chain) {
        if (timer != null) {
            timer.cancel(false);
        }
        timer = ctx.executor().schedule(() -> ctx.close(), patience(chain).toMillis(), TimeUnit.MILLISECONDS);
    }

    private static Duration patience(FilterChains.Chain chain) {
        Duration said = chain.compiled().connectTimeout();
        return said.isZero() ? HANDSHAKE_PATIENCE : said;
    }

    /** Waits for what the certificate is chosen by. */
    private void hello(ChannelHandlerContext ctx, ByteBuf bytes) {
        switch (ClientHello.look(bytes)) {
            case MORE_NEEDED -> {}
            case CLEAR_TEXT -> failed(ctx);
            case TLS -> {
                try {
                    ClientHello.read(bytes).ifPresent(said -> secure(ctx, said));
                } catch (IllegalArgumentException e) {
                    failed(ctx);
                }
            }
        }
    }

    private void failed(ChannelHandlerContext ctx) {
        meters.failed(false);
        ctx.close();
    }

    private void secure(ChannelHandlerContext ctx, ClientHello hello) {
        FilterChains.Chain chain = Objects.requireNonNull(chosen);
        ServerTls tls = chain.tls();
        if (tls == null) {
            failed(ctx); // its secret is not there
            return;
        }
        String name = hello.serverName().orElse(null);
        SslHandler handler = tls.handler(name, hello.ecdsa(), ctx.alloc());
        handler.setHandshakeTimeoutMillis(patience(chain).toMillis());
        // Envoy's logs know the name where an inspector reads it
        String told = chains.look().tls() ? name : null;
        ctx.pipeline().addAfter(ctx.name(), null, new Watch(handler, tls, told));
        ctx.pipeline().addAfter(ctx.name(), null, handler);
        handOver(ctx);
    }

    /** To those who stand behind. */
    private void handOver(ChannelHandlerContext ctx) {
        ByteBuf bytes = early;
        early = null;
        ctx.pipeline().remove(this);
        if (bytes != null && bytes.isReadable()) {
            ctx.fireChannelRead(bytes);
            ctx.fireChannelReadComplete();
        } else if (bytes != null) {
            bytes.release();
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

    /** A caller that agreed on HTTP/2 speaks it. Gone with the first bytes. */
    private static final class OnlyHttp2 extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            int length = Math.min(bytes.readableBytes(), HTTP2_PREFACE.length());
            if (bytes.toString(bytes.readerIndex(), length, StandardCharsets.ISO_8859_1)
                    .equals(HTTP2_PREFACE.substring(0, length))) {
                ctx.pipeline().remove(this);
                ctx.fireChannelRead(bytes);
            } else {
                bytes.release();
                ctx.close();
            }
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
                    if (session.alpn().equals("h2")) {
                        ctx.pipeline().addAfter(ctx.name(), null, new OnlyHttp2());
                    }
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
