package io.sluice.gateway.listener;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * How much an HTTP/2 caller lets us send, on each stream and on all together, and the streams that have more than that: they take turns, a frame
 * each. On the connection's event loop. Source: RFC 9113 section 5.2.
 */
final class SendWindows implements Http2RemoteFlowController {
    private final Http2Connection connection;
    private final Http2Connection.PropertyKey key;
    private final Deque<MultiplexedStream> waiting = new ArrayDeque<>();
    private @Nullable ChannelHandlerContext ctx;
    private int initial = Http2CodecUtil.DEFAULT_WINDOW_SIZE;
    private long ofAll = Http2CodecUtil.DEFAULT_WINDOW_SIZE;

    SendWindows(Http2Connection connection) {
        this.connection = connection;
        key = connection.newKey();
    }

    /** From now on its window is followed. */
    void add(Http2Stream stream, MultiplexedStream ours) {
        ours.window = initial;
        stream.setProperty(key, ours);
    }

    /** Null for a stream that never became a request. */
    @Nullable
    MultiplexedStream of(Http2Stream stream) {
        return stream.getProperty(key);
    }

    /** How much of a stream's data may be sent now; at most a frame, none while the caller does not read. */
    int allowed(MultiplexedStream stream, int maxFrameBytes) {
        ChannelHandlerContext known = ctx;
        return known == null || !known.channel().isWritable()
                ? 0
                : (int) Math.max(0, Math.min(Math.min(ofAll, stream.window), maxFrameBytes));
    }

    void sent(MultiplexedStream stream, int bytes) {
        ofAll -= bytes;
        stream.window -= bytes;
    }

    /** The stream has data that could be sent but for the others and for the connection. */
    void await(MultiplexedStream stream) {
        if (!stream.inTurn && stream.window > 0) {
            stream.inTurn = true;
            waiting.add(stream);
        }
    }

    @Override
    public void writePendingBytes() {
        while (!waiting.isEmpty() && ofAll > 0 && ctx != null && ctx.channel().isWritable()) {
            MultiplexedStream next = waiting.remove();
            next.inTurn = false;
            next.sendFrame();
        }
    }

    @Override
    public void channelWritabilityChanged() {
        writePendingBytes();
    }

    // --- as the caller says

    @Override
    public void incrementWindowSize(Http2Stream stream, int delta) throws Http2Exception {
        if (stream.id() == Http2CodecUtil.CONNECTION_STREAM_ID) {
            if (ofAll + delta > Http2CodecUtil.MAX_INITIAL_WINDOW_SIZE) {
                throw Http2Exception.connectionError(
                        Http2Error.FLOW_CONTROL_ERROR, "the connection's window overflows");
            }
            ofAll += delta;
            return;
        }
        MultiplexedStream ours = of(stream);
        if (ours == null) {
            return;
        }
        if (ours.window + delta > Http2CodecUtil.MAX_INITIAL_WINDOW_SIZE) {
            throw Http2Exception.streamError(
                    stream.id(), Http2Error.FLOW_CONTROL_ERROR, "the stream's window overflows");
        }
        ours.window += delta;
        ours.windowGrew();
    }

    @Override
    public void initialWindowSize(int bytes) throws Http2Exception {
        int delta = bytes - initial;
        initial = bytes;
        connection.forEachActiveStream(stream -> {
            MultiplexedStream ours = of(stream);
            if (ours != null) {
                if (ours.window + delta > Http2CodecUtil.MAX_INITIAL_WINDOW_SIZE) {
                    throw Http2Exception.connectionError(
                            Http2Error.FLOW_CONTROL_ERROR, "the window of stream %d overflows", stream.id());
                }
                ours.window += delta;
                ours.windowGrew();
            }
            return true;
        });
    }

    @Override
    public int initialWindowSize() {
        return initial;
    }

    @Override
    public int windowSize(Http2Stream stream) {
        MultiplexedStream ours = of(stream);
        return (int) (ours == null ? ofAll : ours.window);
    }

    // --- of no use to us

    @Override
    public void channelHandlerContext(ChannelHandlerContext known) {
        ctx = known;
    }

    @Override
    public @Nullable ChannelHandlerContext channelHandlerContext() {
        return ctx;
    }

    @Override
    public void addFlowControlled(Http2Stream stream, FlowControlled frame) {
        throw new IllegalStateException("data goes by way of MultiplexedStream");
    }

    @Override
    public boolean hasFlowControlled(Http2Stream stream) {
        return false;
    }

    @Override
    public void listener(Listener listener) {}

    @Override
    public boolean isWritable(Http2Stream stream) {
        return windowSize(stream) > 0;
    }

    @Override
    public void updateDependencyTree(int child, int parent, short weight, boolean exclusive) {}
}
