package io.sluice.gateway.listener;

import io.sluice.gateway.tracing.RequestTrace;
import io.sluice.gateway.tracing.Tracing;
import io.sluice.gateway.wire.WireMeters;
import java.time.Duration;

/**
 * What all exchanges of a listener share beside its configuration.
 *
 * @param headersTimeout for a request's head, where the configuration does not say
 */
record ListenerParts(
        Tracing tracing,
        ListenerMeters meters,
        WireMeters wire,
        HttpDate date,
        Overload overload,
        Duration headersTimeout) {
    static final RequestTrace UNTRACED = RequestTrace.NONE;
}
