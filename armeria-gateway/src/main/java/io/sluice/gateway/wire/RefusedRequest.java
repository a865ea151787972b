package io.sluice.gateway.wire;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;

/** Stands for a request whose head was not let in; nothing of the head is in it. */
final class RefusedRequest extends DefaultHttpRequest {
    RefusedRequest(Refusal why) {
        super(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
        headers().set(WireMarks.PATH, WireMarks.NO_PATH).set(WireMarks.REFUSAL, why.mark());
        setDecoderResult(DecoderResult.failure(new DecoderException(why.name())));
    }
}
