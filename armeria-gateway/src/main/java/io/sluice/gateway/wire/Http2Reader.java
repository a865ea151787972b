package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;

/** Reads a caller's frames; each passes {@link Http2Floods} before the connection acts on it. */
final class Http2Reader extends DefaultHttp2FrameReader {
    private final Http2Floods floods;

    Http2Reader(Http2HeaderBlocks blocks, Http2Floods floods) {
        super(blocks);
        this.floods = floods;
    }

    @Override
    public void readFrame(ChannelHandlerContext ctx, ByteBuf input, Http2FrameListener listener) throws Http2Exception {
        super.readFrame(ctx, input, floods.before(listener));
    }
}
