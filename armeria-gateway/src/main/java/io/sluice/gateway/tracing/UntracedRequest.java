package io.sluice.gateway.tracing;

import com.linecorp.armeria.common.RequestHeadersBuilder;

/** A request nobody traces here: its own trace headers, if any, pass through as they came. */
enum UntracedRequest implements RequestTrace {
    INSTANCE;

    @Override
    public String traceId() {
        return "";
    }

    @Override
    public void attempt(int attempt, String cluster, String endpoint, RequestHeadersBuilder headers) {}

    @Override
    public void attemptEnd(int attempt, int status, String failure) {}

    @Override
    public void end(Facts facts) {}
}
