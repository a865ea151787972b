package io.sluice.gateway.cluster.health;

import java.time.Duration;

/**
 * Envoy's outlier detection as far as it counts consecutive failures.
 *
 * @param consecutive5xx answers of 500 and above, and local failures, in a row; 0 turns it off
 * @param enforce5xx percent of the time that a found outlier is ejected
 * @param consecutiveGateway answers of 502, 503 and 504 in a row
 * @param interval between two looks for endpoints to take back
 * @param baseEjection times the number of ejections so far is how long an endpoint stays away
 * @param maxEjectionPercent of a cluster's endpoints that may be away at once
 */
public record OutlierPolicy(
        int consecutive5xx,
        int enforce5xx,
        int consecutiveGateway,
        int enforceGateway,
        Duration interval,
        Duration baseEjection,
        Duration maxEjection,
        int maxEjectionPercent) {}
