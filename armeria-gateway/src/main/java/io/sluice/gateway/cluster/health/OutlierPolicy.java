package io.sluice.gateway.cluster.health;

import java.time.Duration;

/**
 * Envoy's outlier detection.
 *
 * @param interval between two looks for endpoints to take back, and at the rates of the time between
 * @param splits whether failures of this side (no connection, a broken one, no answer in time) count apart; else they count as 5xx
 */
public record OutlierPolicy(
        Consecutive serverErrors,
        Consecutive gatewayErrors,
        Consecutive localFailures,
        SuccessRate successRate,
        FailurePercentage failurePercentage,
        Ejection ejection,
        Duration interval,
        boolean splits) {

    /**
     * @param count in a row; 0 turns it off
     * @param enforce percent of the time that a found outlier is ejected, as in the other two
     */
    public record Consecutive(int count, int enforce) {}

    /**
     * Below the mean by more than some standard deviations.
     *
     * @param minimumHosts with enough requests, below which nobody is compared
     * @param minimumRequests of an endpoint in an interval, below which it is not compared
     * @param deviations a thousand means one
     */
    public record SuccessRate(int minimumHosts, int minimumRequests, int deviations, int enforce, int enforceLocal) {}

    /** @param threshold percent of failures at and above which an endpoint is ejected */
    public record FailurePercentage(
            int minimumHosts, int minimumRequests, int threshold, int enforce, int enforceLocal) {}

    /**
     * @param base times the number of ejections, at most {@code max}, is how long an endpoint stays away
     * @param jitter up to so much longer
     * @param maxPercent of a cluster's endpoints that may be away at once
     * @param alwaysOne one may be away whatever the percentage
     * @param endsByCheck a passing active check ends it
     */
    public record Ejection(
            Duration base, Duration max, Duration jitter, int maxPercent, boolean alwaysOne, boolean endsByCheck) {}
}
