package io.sluice.gateway.upstream;

import io.sluice.gateway.accesslog.ResponseFlag;
import java.util.Set;

/**
 * Why a call has no (whole) response, ready to be answered as Envoy answers it.
 *
 * @param status 503, 502, 504, 507 ...
 * @param body Envoy's text for it: {@code no healthy upstream}, {@code upstream request timeout}, {@code upstream connect error or ...}
 * @param details Envoy's response code details: {@code upstream_reset_before_response_started{connection_termination}}
 * @param overloaded answered with {@code x-envoy-overloaded: true}
 */
public record UpstreamFailure(
        int status, String body, String details, Set<ResponseFlag> flags, String transportFailure, boolean overloaded) {
    public UpstreamFailure {
        flags = Set.copyOf(flags);
    }
}
