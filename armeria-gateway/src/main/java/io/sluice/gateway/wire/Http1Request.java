package io.sluice.gateway.wire;

import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;

/**
 * The head of a request on an HTTP/1 connection, or what stands for one that was not let in.
 *
 * @param headers whoever takes it; a host that was named, in the target or beside it, is the authority. With {@link WireMarks#REFUSAL} where the
 *     request is not let in
 * @param bare whether no body can follow
 * @param keepAlive whether the caller would send another request behind it
 * @param http10 else HTTP/1.1
 * @param upgrade whether it asks for another protocol that we might speak
 */
public record Http1Request(
        RequestHeadersBuilder headers, boolean bare, boolean keepAlive, boolean http10, boolean upgrade) {
    /** Nothing of the head is in it. */
    static Http1Request refused(Refusal why) {
        RequestHeadersBuilder headers = begin("GET").path(WireMarks.NO_PATH).set(WireMarks.REFUSAL, why.mark());
        return new Http1Request(headers, true, false, false, false);
    }

    static RequestHeadersBuilder begin(String method) {
        return RequestHeaders.builder()
                .set(com.linecorp.armeria.common.HttpHeaderNames.METHOD, method)
                .scheme("http");
    }
}
