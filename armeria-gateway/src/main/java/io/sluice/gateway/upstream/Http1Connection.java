package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.Future;
import io.sluice.gateway.cluster.Connections;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP/1.1 connection: one request at a time, written by us byte for byte, the response read by us and passed on in its buffers. After an answer of 101 it is a tunnel of raw bytes.
 */
@SuppressWarnings("ReferenceEquality") // a user is one attempt, equal to itself only
final class Http1Connection extends ChannelInboundHandlerAdapter
        implements PooledConnection, UpstreamStream, Http1AnswerReader.Parts {
    private static final Logger log = LoggerFactory.getLogger(Http1Connection.class);
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final AsciiString METHOD = AsciiString.cached(":method");
    private static final AsciiString HOST = AsciiString.cached("host");
    private static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length");
    /** Whose requests need not say that they have no body. */
    private static final String HEAD = "HEAD";

    private static final Set<String> BODILESS = Set.of("GET", HEAD, "DELETE", "TRACE", "CONNECT");

    private static final AsciiString TRANSFER_ENCODING = AsciiString.cached("transfer-encoding");
    private static final ByteBuf CRLF = constant("\r\n");
    private static final ByteBuf LAST_CHUNK = constant("0\r\n\r\n");

    private final EndpointPool pool;
    private final Http1AnswerReader reader;
    private Channel channel;
    private @Nullable User user;
    private boolean chunked;
    private boolean requestDone;
    private boolean heard;
    private boolean responseDone;
    private boolean upgrade;
    private boolean upgraded;
    private boolean tunnel;
    private boolean keepAlive;
    private boolean closing;
    private boolean unwritable;
    private int served;
    private long idleSince;
    private @Nullable Future<?> idleTimer;

    @SuppressWarnings("NullAway.Init") // install comes first
    Http1Connection(EndpointPool pool) {
        this.pool = pool;
        Connections limits = pool.spec().connections();
        reader = new Http1AnswerReader(this, limits.maxHeadBytes(), limits.maxHeaders());
    }

    private static ByteBuf constant(String text) {
        return Unpooled.unreleasableBuffer(Unpooled.directBuffer()
                .writeBytes(text.getBytes(StandardCharsets.US_ASCII))
                .asReadOnly());
    }

    @Override
    public void install(Channel channel) {
        this.channel = channel;
        channel.pipeline().addLast(this);
    }

    // --- as a connection of the pool

    @Override
    public boolean isUsable() {
        return true;
    }

    @Override
    public boolean hasRoom() {
        return user == null && !closing && channel.isActive();
    }

    @Override
    public void attach(User user) {
        this.user = user;
        served++;
        chunked = false;
        requestDone = false;
        heard = false;
        responseDone = false;
        keepAlive = true;
        reader.begin();
        user.onReady(this);
    }

    @Override
    public void closeWhenIdle() {
        closing = true;
        if (user == null) {
            channel.close();
        }
    }

    @Override
    public void close() {
        channel.close();
    }

    // --- as the stream of an attempt

    @Override
    public void headers(RequestHeaders headers, boolean end) {
        String method = headers.get(METHOD, "");
        if (method.equals(HEAD)) {
            reader.expectNoBody();
        }
        upgrade = headers.contains(HttpHeaderNames.UPGRADE);
        boolean length = headers.contains(CONTENT_LENGTH);
        chunked = !end && !length && !upgrade;
        tunnel = false;
        ByteBuf out = channel.alloc().buffer(512);
        ascii(out, method).writeByte(' ');
        ascii(out, headers.path());
        ascii(out, " HTTP/1.1\r\n");
        String authority = headers.authority();
        field(out, HOST, authority == null ? "" : authority);
        for (Map.Entry<AsciiString, String> header : headers) {
            AsciiString name = header.getKey();
            if (name.charAt(0) != ':' && !name.equals(HOST) && !name.equals(TRANSFER_ENCODING)) {
                field(out, name, header.getValue());
            }
        }
        if (chunked) {
            field(out, TRANSFER_ENCODING, "chunked");
        } else if (end && !upgrade && !length && !BODILESS.contains(method)) {
            field(out, CONTENT_LENGTH, "0");
        }
        out.writeShort('\r' << 8 | '\n');
        requestDone = end && !upgrade;
        channel.writeAndFlush(out);
    }

    /** A character is a byte, as everywhere in headers: what came as one goes out as it came. */
    private static ByteBuf ascii(ByteBuf out, String text) {
        ByteBufUtil.writeAscii(out, text);
        return out;
    }

    private void field(ByteBuf out, AsciiString name, String value) {
        if (http1().properCase()) {
            ProperCase.write(out, name);
        } else {
            ByteBufUtil.copy(name, out);
        }
        out.writeShort(':' << 8 | ' ');
        ByteBufUtil.writeAscii(out, value);
        out.writeShort('\r' << 8 | '\n');
    }

    @Override
    public void data(HttpData data, boolean end) {
        if (user == null || requestDone || (responseDone && !tunnel)) {
            data.close();
            return;
        }
        if (!data.isEmpty()) {
            if (chunked && !tunnel) {
                ByteBuf size = channel.alloc().buffer(16);
                ascii(size, Integer.toHexString(data.length())).writeShort('\r' << 8 | '\n');
                channel.write(size);
                channel.write(data.byteBuf());
                channel.write(CRLF.duplicate());
            } else {
                channel.write(data.byteBuf());
            }
        } else {
            data.close();
        }
        if (end) {
            requestDone = true;
            if (chunked && !tunnel) {
                channel.write(LAST_CHUNK.duplicate());
            }
        }
        channel.flush();
        unwritable |= !channel.isWritable();
        if (end) {
            releaseWhenDone();
        }
    }

    @Override
    public void trailers(HttpHeaders trailers) {
        if (!http1().trailers() || !chunked || tunnel || user == null || requestDone || responseDone) {
            data(HttpData.empty(), true);
            return;
        }
        requestDone = true;
        ByteBuf out = channel.alloc().buffer(64);
        out.writeByte('0').writeShort('\r' << 8 | '\n');
        for (Map.Entry<AsciiString, String> trailer : trailers) {
            field(out, trailer.getKey(), trailer.getValue());
        }
        out.writeShort('\r' << 8 | '\n');
        channel.writeAndFlush(out);
        unwritable |= !channel.isWritable();
        releaseWhenDone();
    }

    private Connections.Http1 http1() {
        return pool.spec().connections().http1();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void pause() {
        channel.config().setAutoRead(false);
    }

    @Override
    public void resume() {
        channel.config().setAutoRead(true);
    }

    @Override
    public void reset() {
        if (user != null) {
            end();
            channel.close();
        }
    }

    @Override
    public InetSocketAddress localAddress() {
        return (InetSocketAddress) channel.localAddress();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return (InetSocketAddress) channel.remoteAddress();
    }

    @Override
    public String protocol() {
        return "HTTP/1.1";
    }

    // --- what arrives

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        User current = user;
        if (current == null) {
            bytes.release();
            channel.close(); // bytes nobody asked for
            return;
        }
        heard = true;
        try {
            reader.read(bytes);
        } catch (Http1AnswerException e) {
            log.debug("no HTTP/1 endpoint={} reason={}", channel.remoteAddress(), e.getMessage());
            fail(ResetReason.PROTOCOL_ERROR, "");
        }
    }

    @Override
    public void onHead(Http1AnswerHead head) {
        User current = user();
        if (head.isInformational()) {
            heard = false;
            current.onInformational(head.headers().build());
            return;
        }
        if (head.status() == SWITCHING_PROTOCOLS) {
            tunnel = true;
            upgraded = upgrade && head.headers().contains(HttpHeaderNames.UPGRADE);
            keepAlive = false;
            current.onHeaders(head.headers(), false);
            return;
        }
        keepAlive = head.keepsAlive() && !reader.endsWithConnection();
        if (reader.isOver()) {
            wholeFor(current).onHeaders(head.headers(), true);
        } else {
            current.onHeaders(head.headers(), false);
        }
    }

    @Override
    public void onData(ByteBuf bytes, boolean end) {
        User current = user();
        (end ? wholeFor(current) : current).onData(HttpData.wrap(bytes), end);
    }

    @Override
    public void onEnd(HttpHeaders trailers) {
        User done = wholeFor(user());
        if (trailers.isEmpty() || !http1().trailers()) {
            done.onData(HttpData.empty(), true);
        } else {
            done.onTrailers(trailers);
        }
    }

    private User user() {
        return Objects.requireNonNull(user, "nothing is read for nobody");
    }

    /** The response is whole: the connection is free again where the request is too. */
    private User wholeFor(User current) {
        responseDone = true;
        if (reader.hasMore()) {
            keepAlive = false; // which no request asked for, and the next one must not get
        }
        if (requestDone) {
            free();
        } else {
            // an early answer: what is left of the request has nowhere to go
            end();
            channel.close();
        }
        return current;
    }

    private void releaseWhenDone() {
        if (responseDone && user != null && !tunnel) {
            free();
        }
    }

    private void free() {
        end();
        int limit = pool.spec().connections().maxRequests();
        if (!keepAlive || closing || pool.isClosed() || (limit > 0 && served >= limit)) {
            closing = true;
            channel.close();
        } else {
            if (!channel.config().isAutoRead()) {
                channel.config().setAutoRead(true);
            }
            idleSince = System.nanoTime();
            startIdleTimer(pool.spec().connections().idleTimeout().toNanos());
        }
        pool.serveWaiting();
    }

    private void end() {
        user = null;
        reader.stop();
        pool.streamEnded();
    }

    private void startIdleTimer(long nanos) {
        if (nanos > 0 && idleTimer == null) {
            idleTimer = pool.loop().schedule(this::closeIfIdle, nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void closeIfIdle() {
        idleTimer = null;
        long allowed = pool.spec().connections().idleTimeout().toNanos();
        long idle = System.nanoTime() - idleSince;
        if (!channel.isActive()) {
            return;
        }
        if (user == null && idle >= allowed) {
            channel.close();
        } else {
            startIdleTimer(user == null ? allowed - idle : allowed);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        User current = user;
        if (current != null && unwritable && channel.isWritable()) {
            unwritable = false;
            current.onWritable();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (idleTimer != null) {
            idleTimer.cancel(false); // an hour would be long to hold a connection that is gone
        }
        if (user != null && reader.endsWithConnection()) {
            keepAlive = false;
            onEnd(HttpHeaders.of());
        }
        fail(lost(), "");
        reader.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException)) {
            log.warn("upstream connection failed endpoint={}", ctx.channel().remoteAddress(), cause);
        }
        fail(lost(), "");
    }

    /** Envoy takes a message that the connection's end cut short for a wrong one. */
    private ResetReason lost() {
        return heard ? ResetReason.PROTOCOL_ERROR : ResetReason.CONNECTION_TERMINATION;
    }

    private void fail(ResetReason reason, String transportFailure) {
        User current = user;
        if (current != null) {
            end();
            if (tunnel && !upgraded) {
                current.onData(HttpData.empty(), true);
            } else {
                current.onReset(tunnel ? ResetReason.CONNECTION_TERMINATION : reason, transportFailure);
            }
        }
        channel.close();
    }
}
