package io.sluice.gateway.cluster.breaker;

import org.jspecify.annotations.Nullable;

/**
 * Envoy's circuit breaker thresholds; each at least 0.
 *
 * @param retryBudget in place of {@code maxRetries}; null for none
 * @param maxConnectionsPerHost of each endpoint
 * @param tracksRemaining whether what is left is shown in the metrics
 */
public record Thresholds(
        int maxConnections,
        int maxPendingRequests,
        int maxRequests,
        int maxRetries,
        @Nullable RetryBudget retryBudget,
        int maxConnectionsPerHost,
        boolean tracksRemaining) {
    public static final Thresholds DEFAULT = new Thresholds(1024, 1024, 1024, 3);

    public Thresholds(int maxConnections, int maxPendingRequests, int maxRequests, int maxRetries) {
        this(maxConnections, maxPendingRequests, maxRequests, maxRetries, null, Integer.MAX_VALUE, false);
    }

    /**
     * @param percent of the requests under way and waiting that may be retries
     * @param minimum of retries that may always be
     */
    public record RetryBudget(double percent, int minimum) {}
}
