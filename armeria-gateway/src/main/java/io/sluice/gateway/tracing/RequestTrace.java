package io.sluice.gateway.tracing;

import com.linecorp.armeria.common.RequestHeadersBuilder;

/** The spans of one request: one for the server side, one per attempt upstream. On the exchange's event loop. */
public interface RequestTrace {
    /** Traces nothing and passes nothing on. */
    RequestTrace NONE = UntracedRequest.INSTANCE;

    /** In lower-case hexadecimal; empty where nothing is traced. */
    String traceId();

    /** Starts the span of an attempt and writes its context into the headers that go upstream. */
    void attempt(int attempt, String cluster, String endpoint, RequestHeadersBuilder headers);

    /** @param failure Envoy's words for a reset; empty where a response arrived */
    void attemptEnd(int attempt, int status, String failure);

    void end(Facts facts);

    /**
     * What the span of the request says.
     *
     * @param flags Envoy's response flags, joined by commas; empty for none
     */
    record Facts(
            String method,
            String url,
            String protocol,
            int status,
            String route,
            String cluster,
            String flags,
            String requestId,
            long requestSize,
            long responseSize,
            String peer) {}
}
