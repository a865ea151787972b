package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.Future;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.wire.Http2Codec;
import io.sluice.gateway.wire.Http2Requests;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A caller's HTTP/2 connection: behind the wire guard. Netty's codec reads it and answers for the connection; what the streams answer is written here,
 * the frames of all that answer at the same time into one buffer.
 */
final class Http2Downstream extends Http2ConnectionHandler implements Http2Requests {
    private static final Logger log = LoggerFactory.getLogger(Http2Downstream.class);

    /** As in Envoy's edge guide: what a caller may make us keep while its upstreams are slow. */
    private static final int STREAM_WINDOW_BYTES = 64 * 1024;

    private static final int CONNECTION_WINDOW_BYTES = 1024 * 1024;

    /** Up to this size a piece goes into the buffer of the headers, beyond it is passed on as it is. */
    private static final int COPIED_BYTES = 1024;

    private static final int BUFFER_BYTES = 1024;
    private static final int FULL_BUFFER_BYTES = 16 * 1024;

    private final Channel channel;
    private final DownstreamConnection caller;
    private final Consumer<DownstreamStream> listener;
    private final Http2Codec codec;
    private final SendWindows windows;
    private final SentFields fields = new SentFields();
    private final Runnable flush = this::flush;
    private @Nullable ChannelHandlerContext ctx;
    private @Nullable ByteBuf out;
    private boolean flushPlanned;
    private @Nullable Future<?> goAwayTimer;
    private boolean ends;

    private Http2Downstream(
            Channel channel,
            Consumer<DownstreamStream> listener,
            Http2Codec codec,
            SendWindows windows,
            Http2Settings settings) {
        super(codec.decoder(), codec.encoder(), settings);
        this.channel = channel;
        this.listener = listener;
        this.codec = codec;
        this.windows = windows;
        caller = DownstreamConnection.of(channel);
    }

    /**
     * @param manager whose limits hold for as long as the connection does
     * @param listener takes each request
     */
    static void addTo(ChannelPipeline pipeline, HttpConnectionManager manager, Consumer<DownstreamStream> listener) {
        long maxStreams = manager.http2MaxStreams();
        Http2Connection connection = new DefaultHttp2Connection(true);
        SendWindows windows = new SendWindows(connection);
        connection.remote().flowController(windows);
        connection.remote().maxActiveStreams((int) Math.min(Integer.MAX_VALUE, maxStreams)); // told so yet or not
        Http2Codec codec =
                new Http2Codec(DownstreamConnection.of(pipeline.channel()), connection, manager.maxHeadBytes());
        Http2Settings settings = Http2Codec.settings(maxStreams, STREAM_WINDOW_BYTES, manager.maxHeadBytes());
        Http2Downstream downstream = new Http2Downstream(pipeline.channel(), listener, codec, windows, settings);
        codec.tell(downstream, downstream::writeOut);
        connection.addListener(downstream.new Ends());
        pipeline.addLast(codec.gate(), downstream);
    }

    Channel channel() {
        return channel;
    }

    DownstreamConnection caller() {
        return caller;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        ctx = added;
        super.handlerAdded(added); // says our settings
        decoder()
                .flowController()
                .incrementWindowSize(
                        connection().connectionStream(), CONNECTION_WINDOW_BYTES - Http2CodecUtil.DEFAULT_WINDOW_SIZE);
    }

    private ChannelHandlerContext ctx() {
        ChannelHandlerContext known = ctx;
        if (known == null) {
            throw new IllegalStateException("in no pipeline");
        }
        return known;
    }

    // --- what arrives

    @Override
    public void onRequest(Http2Stream stream, RequestHeadersBuilder headers, boolean end) {
        MultiplexedStream ours = new MultiplexedStream(this, stream, headers, end);
        windows.add(stream, ours);
        listener.accept(ours);
    }

    @Override
    public int onData(Http2Stream stream, ByteBuf data, boolean end) {
        MultiplexedStream ours = windows.of(stream);
        return ours == null ? data.readableBytes() : ours.arrived(data, end);
    }

    @Override
    public void onTrailers(Http2Stream stream, HttpHeaders trailers) {
        MultiplexedStream ours = windows.of(stream);
        if (ours != null) {
            ours.arrived(trailers);
        }
    }

    /** What was kept of a request's body was handed on: the caller may send as much again. */
    void consumed(Http2Stream stream, int bytes) {
        try {
            if (decoder().flowController().consumeBytes(stream, bytes)) {
                flushSoon();
            }
        } catch (Http2Exception e) {
            onError(ctx(), true, e);
        }
    }

    private final class Ends extends Http2ConnectionAdapter {
        @Override
        public void onStreamClosed(Http2Stream stream) {
            MultiplexedStream ours = windows.of(stream);
            if (ours != null) {
                ours.closed();
            }
        }

        @Override
        public void onStreamRemoved(Http2Stream stream) {
            closeIfDone();
        }
    }

    // --- what goes out

    private ByteBuf out() {
        ByteBuf known = out;
        if (known == null) {
            known = channel.alloc().buffer(BUFFER_BYTES);
            out = known;
        }
        return known;
    }

    /** Hands what was kept back to the channel. */
    private void writeOut() {
        ByteBuf frames = out;
        if (frames != null) {
            out = null;
            ctx().write(frames, channel.voidPromise());
        }
    }

    /** @param status null for trailers */
    void writeHeaders(Http2Stream stream, HttpHeaders headers, @Nullable HttpStatus status, boolean end) {
        ByteBuf frames = out();
        int start = frames.writerIndex();
        frames.writeZero(Http2CodecUtil.FRAME_HEADER_LENGTH);
        try {
            codec.headersEncoder().encodeHeaders(stream.id(), fields.of(headers, status), frames);
        } catch (Http2Exception e) {
            throw new IllegalStateException("headers of no size are refused", e);
        }
        int length = frames.writerIndex() - start - Http2CodecUtil.FRAME_HEADER_LENGTH;
        Http2Flags flags = new Http2Flags().endOfStream(end);
        if (length <= maxFrameBytes()) {
            frames.writerIndex(start);
            writeFrameHeader(frames, length, Http2FrameTypes.HEADERS, flags.endOfHeaders(true), stream);
            frames.writerIndex(start + Http2CodecUtil.FRAME_HEADER_LENGTH + length);
        } else {
            ByteBuf block = frames.copy(start + Http2CodecUtil.FRAME_HEADER_LENGTH, length);
            frames.writerIndex(start);
            writeInPieces(frames, block, flags, stream);
            block.release();
        }
    }

    private void writeInPieces(ByteBuf frames, ByteBuf block, Http2Flags flags, Http2Stream stream) {
        writeFrameHeader(frames, maxFrameBytes(), Http2FrameTypes.HEADERS, flags, stream);
        frames.writeBytes(block, maxFrameBytes());
        while (block.isReadable()) {
            int piece = Math.min(block.readableBytes(), maxFrameBytes());
            Http2Flags last = new Http2Flags().endOfHeaders(piece == block.readableBytes());
            writeFrameHeader(frames, piece, Http2FrameTypes.CONTINUATION, last, stream);
            frames.writeBytes(block, piece);
        }
    }

    private static void writeFrameHeader(ByteBuf frames, int length, byte type, Http2Flags flags, Http2Stream stream) {
        frames.writeMedium(length).writeByte(type).writeByte(flags.value()).writeInt(stream.id());
    }

    private int maxFrameBytes() {
        return encoder().frameWriter().configuration().frameSizePolicy().maxFrameSize();
    }

    /** How much of its data the stream may send at once. */
    int allowed(MultiplexedStream stream) {
        return windows.allowed(stream, maxFrameBytes());
    }

    /** @param bytes of one frame, as far as {@link #allowed} */
    void writeData(MultiplexedStream ours, Http2Stream stream, ByteBuf bytes, boolean end) {
        int length = bytes.readableBytes();
        windows.sent(ours, length);
        codec.dataSent();
        ByteBuf frames = out();
        writeFrameHeader(frames, length, Http2FrameTypes.DATA, new Http2Flags().endOfStream(end), stream);
        if (length <= COPIED_BYTES) {
            frames.writeBytes(bytes);
            bytes.release();
            if (frames.readableBytes() >= FULL_BUFFER_BYTES) {
                writeOut();
            }
        } else {
            writeOut();
            ctx().write(bytes, channel.voidPromise());
        }
        flushSoon();
    }

    /** The stream has more than it may send at once. */
    void sendInTurn(MultiplexedStream stream) {
        windows.await(stream);
        windows.writePendingBytes();
    }

    void await(MultiplexedStream stream) {
        windows.await(stream);
    }

    /** The answer is written whole. @param asked whether the request is, too; else what is left of it is not wanted */
    void answered(Http2Stream stream, boolean asked) {
        if (!asked) {
            reset(stream, Http2Error.NO_ERROR);
        } else {
            closeStreamLocal(stream, channel.newSucceededFuture());
        }
    }

    void reset(Http2Stream stream, Http2Error why) {
        if (channel.isActive()) {
            resetStream(ctx(), stream.id(), why.code(), ctx().newPromise());
            flushSoon();
        }
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
        flush(ctx());
    }

    @Override
    public void flush(ChannelHandlerContext own) {
        windows.writePendingBytes();
        writeOut();
        own.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext own) throws Exception {
        super.channelWritabilityChanged(own);
        if (channel.isWritable()) {
            connection().forEachActiveStream(stream -> {
                MultiplexedStream ours = windows.of(stream);
                if (ours != null) {
                    ours.tellSent();
                }
                return true;
            });
        }
    }

    // --- the end

    /** No further stream: those whose request was sent before the caller has heard of it are still answered. @param inFlight how long such may come */
    void drain(Duration inFlight) {
        if (inFlight.isZero()) {
            endSoon();
            return;
        }
        if (goAwayTimer == null && !ends) {
            goAway(Integer.MAX_VALUE);
            goAwayTimer = channel.eventLoop().schedule(this::endSoon, inFlight.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /** Takes no further stream; the connection ends with the last of those under way. */
    void endSoon() {
        if (!ends && channel.isActive()) {
            ends = true;
            goAway(connection().remote().lastStreamCreated());
            closeIfDone();
        }
    }

    private void goAway(int lastStream) {
        goAway(ctx(), lastStream, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, ctx().newPromise());
        flushSoon();
    }

    private void closeIfDone() {
        if (ends && connection().numActiveStreams() == 0) {
            channel.eventLoop().execute(channel::close);
        }
    }

    /** At once, behind GOAWAY and what was written. */
    @Override
    public void close(ChannelHandlerContext own, ChannelPromise promise) {
        if (!ends && channel.isActive()) {
            ends = true;
            goAway(connection().remote().lastStreamCreated());
        }
        flush(own);
        own.close(promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext own) throws Exception {
        if (goAwayTimer != null) {
            goAwayTimer.cancel(false);
        }
        ByteBuf rest = out;
        out = null;
        if (rest != null) {
            rest.release();
        }
        super.channelInactive(own);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext own, Throwable cause) throws Exception {
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
            super.exceptionCaught(own, cause);
            return;
        }
        if (!(cause instanceof IOException)) {
            log.warn("caller's connection failed remote={}", channel.remoteAddress(), cause);
        }
        channel.close();
    }
}
