package io.sluice.gateway.tracing;

import com.linecorp.armeria.common.RequestHeaders;

/** Starts the trace of a request, or joins the caller's. Any thread. */
public interface Tracing {
    /** Where no collector is set: every request shares one trace that does nothing. */
    Tracing OFF = (headers, policy) -> UntracedRequest.INSTANCE;

    /** What is not sampled still passes its context on. */
    RequestTrace start(RequestHeaders headers, TracePolicy policy);
}
