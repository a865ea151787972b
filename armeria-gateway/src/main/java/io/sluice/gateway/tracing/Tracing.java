package io.sluice.gateway.tracing;

import com.linecorp.armeria.common.RequestHeaders;

/** Starts the trace of a request, or joins the caller's. */
public interface Tracing {
    /** What is not sampled still passes its context on. */
    RequestTrace start(RequestHeaders headers, TracePolicy policy);
}
