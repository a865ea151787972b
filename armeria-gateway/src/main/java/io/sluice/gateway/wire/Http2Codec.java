package io.sluice.gateway.wire;

import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Settings;

/**
 * Netty's HTTP/2 codec for a caller's connection, guarded: what is read is checked and counted before the connection acts on it, what the connection
 * answers by itself is counted as it goes out. To be given to an {@link Http2ConnectionHandler}, behind {@link #gate}.
 */
public final class Http2Codec {
    /** Of the table for the headers that we send; a caller that offers more need not be believed to mean well. */
    private static final int HEADER_TABLE_BYTES = 4096;

    private final Caller caller;
    private final Http2Floods floods;
    private final Http2Gate gate;
    private final DefaultHttp2HeadersEncoder headersEncoder =
            new DefaultHttp2HeadersEncoder(Http2HeadersEncoder.NEVER_SENSITIVE, true);
    private final Http2Answers answers;
    private final Http2ConnectionEncoder encoder;
    private final Http2ConnectionDecoder decoder;

    /**
     * @param connection with its flow controller
     * @param maxHeaderBytes of one block, as HTTP/2 counts
     */
    public Http2Codec(Caller caller, Http2Connection connection, int maxHeaderBytes) {
        this.caller = caller;
        floods = new Http2Floods(caller, connection, System::nanoTime);
        gate = new Http2Gate(caller);
        answers = new Http2Answers(headersEncoder, caller, floods, gate);
        encoder = new SmallTable(connection, answers);
        decoder = new DefaultHttp2ConnectionDecoder(
                connection, encoder, new Http2Reader(new Http2HeaderBlocks(maxHeaderBytes), floods));
    }

    /**
     * To be called before anything is read.
     *
     * @param beforeFrames to be run before the codec writes a frame of its own: what was kept back comes before it
     */
    public void tell(Http2Requests requests, Runnable beforeFrames) {
        decoder.frameListener(new Http2Guard(decoder.connection(), caller, requests));
        answers.beforeFrames(beforeFrames);
    }

    /** @param maxStreams under way at a time */
    public static Http2Settings settings(long maxStreams, int streamWindowBytes, int maxHeaderBytes) {
        return new Http2Settings()
                .maxConcurrentStreams(maxStreams)
                .initialWindowSize(streamWindowBytes)
                .maxHeaderListSize(maxHeaderBytes);
    }

    /** To stand between the socket and the codec. */
    public ChannelHandler gate() {
        return gate;
    }

    public Http2ConnectionDecoder decoder() {
        return decoder;
    }

    public Http2ConnectionEncoder encoder() {
        return encoder;
    }

    /** For header blocks that are not written by way of {@link #encoder}. */
    public Http2HeadersEncoder headersEncoder() {
        return headersEncoder;
    }

    /** A frame with data was sent by other ways than the {@link #encoder}. */
    public void dataSent() {
        floods.dataSent();
    }

    private static final class SmallTable extends DefaultHttp2ConnectionEncoder {
        SmallTable(Http2Connection connection, Http2Answers answers) {
            super(connection, answers);
        }

        @Override
        public void remoteSettings(Http2Settings settings) throws Http2Exception {
            Long table = settings.headerTableSize();
            if (table != null && table > HEADER_TABLE_BYTES) {
                settings.headerTableSize(HEADER_TABLE_BYTES);
            }
            super.remoteSettings(settings);
        }
    }
}
