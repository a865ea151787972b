package io.sluice.gateway.listener;

import io.sluice.gateway.tracing.RequestTrace;
import io.sluice.gateway.tracing.Tracing;
import io.sluice.gateway.wire.WireMeters;

/** What all exchanges of a listener share beside its configuration. */
record ListenerParts(Tracing tracing, ListenerMeters meters, WireMeters wire, HttpDate date) {
    static final RequestTrace UNTRACED = RequestTrace.NONE;
}
