package io.sluice.gateway.cluster.breaker;

/** Envoy's circuit breaker thresholds; each at least 0. */
public record Thresholds(int maxConnections, int maxPendingRequests, int maxRequests, int maxRetries) {
    public static final Thresholds DEFAULT = new Thresholds(1024, 1024, 1024, 3);
}
