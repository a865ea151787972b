package io.sluice.gateway.listener;

import io.sluice.gateway.tracing.RequestTrace;
import io.sluice.gateway.tracing.Tracing;

/** What all exchanges of a listener share beside its configuration. */
record ListenerParts(Tracing tracing, ListenerMeters meters, HttpDate date) {
    /** What Armeria is told to call a request without a Host, so that it can be told apart. */
    static final String NO_HOST = "missing-host.invalid";

    static final RequestTrace UNTRACED = RequestTrace.NONE;
}
