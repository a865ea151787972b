package io.sluice.gateway.wire;

import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Headers;

/** Decodes header blocks one after the other into the same {@link Http2Fields}. */
final class Http2HeaderBlocks extends DefaultHttp2HeadersDecoder {
    private final Http2Fields fields = new Http2Fields();

    Http2HeaderBlocks(long maxBytes) {
        super(false, maxBytes);
    }

    @Override
    protected Http2Headers newHeaders() {
        fields.begin();
        return fields;
    }
}
