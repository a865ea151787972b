package io.sluice.gateway.cluster.health;

import java.time.Duration;
import java.util.List;

/**
 * An active HTTP check of each endpoint.
 *
 * @param http2 whether to speak HTTP/2 with prior knowledge, whatever requests speak
 * @param host the check's Host; the cluster's name where none is given
 * @param expected ranges of status that pass, the end excluded
 * @param interval between two checks of an endpoint
 * @param noTrafficInterval the same while the cluster has not been used yet
 */
public record HealthCheckPolicy(
        boolean http2,
        String path,
        String host,
        List<StatusRange> expected,
        Duration timeout,
        Duration interval,
        Duration noTrafficInterval,
        int unhealthyThreshold,
        int healthyThreshold) {
    public HealthCheckPolicy {
        expected = List.copyOf(expected);
    }

    public boolean passes(int status) {
        return expected.stream().anyMatch(range -> status >= range.start() && status < range.end());
    }

    public record StatusRange(int start, int end) {}
}
