package io.sluice.gateway.wire;

import com.linecorp.armeria.internal.common.ArmeriaHttp2HeadersDecoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameReader;
import io.netty.handler.codec.http2.Http2Headers;
import java.lang.reflect.Field;

/**
 * Reads a caller's frames in place of the reader that Armeria made: its header blocks become {@link Http2Fields}, and every frame passes
 * {@link Http2Floods} before the connection acts on it.
 */
final class Http2Reader implements Http2FrameReader {
    private static final Field READER = field(DefaultHttp2ConnectionDecoder.class, "frameReader");
    private static final Field DELEGATE = field(DecoratingHttp2ConnectionDecoder.class, "delegate");

    private final Http2FrameReader reader;
    private final Http2Floods floods;

    private Http2Reader(Http2FrameReader reader, Http2Floods floods) {
        this.reader = reader;
        this.floods = floods;
    }

    /** Puts one into a decoder that has read nothing yet. Netty has no other way for a decoder that somebody else made. */
    static void install(Http2ConnectionDecoder decoder, long maxHeaderListBytes, Http2Floods floods) {
        try {
            Object inner = decoder;
            while (inner instanceof DecoratingHttp2ConnectionDecoder) {
                inner = DELEGATE.get(inner);
            }
            READER.set(inner, new Http2Reader(new DefaultHttp2FrameReader(new Fields(maxHeaderListBytes)), floods));
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Field field(Class<?> owner, String name) {
        try {
            Field field = owner.getDeclaredField(name);
            field.setAccessible(true);
            return field;
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException("another Netty than the one this was written for", e);
        }
    }

    private static final class Fields extends DefaultHttp2HeadersDecoder {
        private final ArmeriaHttp2HeadersDecoder armerias;

        Fields(long maxHeaderListBytes) {
            super(false, maxHeaderListBytes);
            armerias = new ArmeriaHttp2HeadersDecoder(false, maxHeaderListBytes);
        }

        @Override
        protected Http2Headers newHeaders() {
            try {
                return new Http2Fields(armerias.decodeHeaders(0, Unpooled.EMPTY_BUFFER));
            } catch (Http2Exception e) {
                throw new IllegalStateException("nothing to decode", e);
            }
        }
    }

    @Override
    public void readFrame(ChannelHandlerContext ctx, ByteBuf input, Http2FrameListener listener) throws Http2Exception {
        reader.readFrame(ctx, input, floods.before(listener));
    }

    @Override
    public Configuration configuration() {
        return reader.configuration();
    }

    @Override
    public void close() {
        reader.close();
    }
}
