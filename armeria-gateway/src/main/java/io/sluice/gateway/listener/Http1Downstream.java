package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.sluice.gateway.wire.Http1End;
import io.sluice.gateway.wire.Http1Gate;
import io.sluice.gateway.wire.Http1Request;
import io.sluice.gateway.wire.Refusal;
import io.sluice.gateway.wire.WireMarks;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A caller's HTTP/1 connection: behind the wire guard. One request at a time; what a caller sends beyond it
 * waits here, and in its socket.
 */
final class Http1Downstream extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(Http1Downstream.class);
    /** Envoy's delayed_close_timeout: how long a peer may take to read the last answer of a connection that we end. */
    private static final long CLOSE_DELAY_MILLIS = 1000;

    private static final WriteBufferWaterMark WATERMARK = new WriteBufferWaterMark(32 * 1024, 64 * 1024);

    private final Channel channel;
    private final Http1Gate gate;
    private final DownstreamConnection connection;
    private final Consumer<DownstreamStream> listener;
    private final Deque<Object> waiting = new ArrayDeque<>(2);
    private final Runnable flush;
    private @Nullable Http1Stream stream;
    private boolean requestOpen;
    private boolean closing;
    private boolean pumping;
    private boolean tunnel;
    private boolean flushPlanned;
    private @Nullable Runnable whenWritable;

    /** @param listener takes each request */
    Http1Downstream(Channel channel, Http1Gate gate, Consumer<DownstreamStream> listener) {
        this.channel = channel;
        this.gate = gate;
        this.listener = listener;
        connection = DownstreamConnection.of(channel);
        flush = this::flush;
        channel.config().setWriteBufferWaterMark(WATERMARK);
    }

    Channel channel() {
        return channel;
    }

    DownstreamConnection connection() {
        return connection;
    }

    // --- what arrives

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (closing) {
            ReferenceCountUtil.release(message); // nobody will answer it
            return;
        }
        waiting.add(message);
        pump();
    }

    /** Hands on what can be handed on, and reads further when nothing is left. */
    void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            Object next = waiting.peek();
            while (next != null && mayPass(next)) {
                waiting.remove();
                pass(next);
                next = waiting.peek();
            }
        } finally {
            pumping = false;
        }
        boolean read = waiting.isEmpty();
        if (channel.config().isAutoRead() != read) {
            channel.config().setAutoRead(read);
        }
    }

    private boolean mayPass(Object message) {
        Http1Stream current = stream;
        if (message instanceof Http1Request) {
            return current == null;
        }
        return current == null || closing || (tunnel && message instanceof Http1End) || current.takes();
    }

    private void pass(Object message) {
        Http1Stream current = stream;
        if (message instanceof Http1Request request && !closing) {
            begin(request);
        } else if (message instanceof Http1End end && current != null) {
            end(current, end);
        } else if (message instanceof ByteBuf bytes && current != null) {
            current.arrived(HttpData.wrap(bytes));
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(Http1Request request) {
        RequestHeadersBuilder headers = request.headers();
        requestOpen = !request.bare();
        if (!ConnectionHeader.sanitize(headers) && !headers.contains(WireMarks.REFUSAL)) {
            headers.set(WireMarks.REFUSAL, "400 http1.connection_header_rejected");
        }
        Http1Stream next = new Http1Stream(this, request);
        stream = next;
        tunnel = request.upgrade(); // whatever follows belongs to the tunnel, if there will be one
        listener.accept(next);
    }

    private void end(Http1Stream current, Http1End end) {
        if (tunnel || !requestOpen) {
            return; // what has no body ended with its head
        }
        Refusal broken = end.broken();
        if (broken != null) {
            current.broken(broken);
            return;
        }
        requestOpen = false;
        if (end.trailers().isEmpty()) {
            current.ended();
        } else {
            current.ended(end.trailers());
        }
    }

    // --- what goes out

    void write(ByteBuf bytes) {
        channel.write(bytes, channel.voidPromise());
    }

    /** Flushes when the loop has done what it is at. */
    void flushSoon() {
        if (!flushPlanned) {
            flushPlanned = true;
            channel.eventLoop().execute(flush);
        }
    }

    void flush() {
        flushPlanned = false;
        if (stream != null) {
            stream.writePending();
        }
        channel.flush();
    }

    /** The answer is written whole. @param last whether the connection ends with it */
    void answered(boolean last) {
        stream = null;
        if (last || closing) {
            gate.end();
            finish();
        } else {
            channel.flush();
            gate.answered();
        }
    }

    /** Ends the connection behind what was written; later where the caller still sends, since a close might destroy the answer on its way. */
    private void finish() {
        closing = true;
        boolean linger = requestOpen || gate.isRefusing();
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> {
            if (linger && done.isSuccess()) {
                shutDownOutput();
                channel.eventLoop().schedule((Runnable) channel::close, CLOSE_DELAY_MILLIS, TimeUnit.MILLISECONDS);
            } else {
                channel.close();
            }
        });
    }

    /** The caller sees the end at once; over TLS it would take that for an attack. */
    private void shutDownOutput() {
        if (channel instanceof DuplexChannel socket && channel.pipeline().get(SslHandler.class) == null) {
            socket.shutdownOutput();
        }
    }

    /** 101 is being written. */
    void tunnelOpens() {
        gate.tunnel();
    }

    /** Ends a tunnel behind what it has to carry still, however slowly its caller reads. */
    void endTunnel() {
        stream = null;
        closing = true;
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    /** Cuts the answer off, behind what there is of it. */
    void cut() {
        stream = null;
        closing = true;
        channel.flush();
        channel.close();
    }

    void whenWritable(Runnable then) {
        channel.flush();
        if (channel.isWritable()) {
            channel.eventLoop().execute(then);
        } else {
            whenWritable = then;
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        Runnable then = whenWritable;
        if (then != null && channel.isWritable()) {
            whenWritable = null;
            then.run();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closing = true;
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException)) {
            log.warn("caller's connection failed remote={}", channel.remoteAddress(), cause);
        }
        channel.close();
    }
}
