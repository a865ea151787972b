package io.sluice.gateway.listener;

import io.sluice.gateway.tracing.RequestTrace;
import io.sluice.gateway.tracing.Tracing;

/** What all exchanges of a listener share beside its configuration. */
record ListenerParts(Tracing tracing, ListenerMeters meters, HttpDate date) {
    static final RequestTrace UNTRACED = RequestTrace.NONE;
}
