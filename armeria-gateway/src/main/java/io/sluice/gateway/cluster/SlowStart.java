package io.sluice.gateway.cluster;

import java.time.Duration;

/**
 * An endpoint that has just become healthy gets less at first. Source: Envoy load_balancer_base.cc, applySlowStartFactor.
 *
 * @param window how long it takes to the whole weight
 * @param aggression 1 means linear, more means faster at first
 * @param minimum the least part of its weight, 0 to 1
 */
public record SlowStart(Duration window, double aggression, double minimum) {
    /** @param healthyNanos how long it has been healthy */
    double factor(long healthyNanos) {
        if (healthyNanos >= window.toNanos()) {
            return 1;
        }
        double time = Math.max(1, healthyNanos / 1_000_000) / (double) window.toMillis();
        return Math.max(aggression == 1 ? time : Math.pow(time, 1 / aggression), minimum);
    }
}
