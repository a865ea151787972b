package io.sluice.gateway.ratelimit;

/**
 * A limit in force, and how its buckets behave.
 *
 * @param version of the limit's figures: a bucket that lives takes over a higher one at its next use, and never goes back
 * @param unlimited nothing is counted
 * @param shadow counted, but nobody is refused
 */
public record LimitRule(
        Decision.Limit limit, Refill refill, long version, boolean unlimited, boolean shadow, FailurePolicy onFailure) {
    public LimitRule {
        if (!unlimited && limit.requestsPerUnit() < 0) {
            throw new IllegalArgumentException("requests_per_unit: " + limit.requestsPerUnit() + " (expected: >= 0)");
        }
    }

    /** Full buckets hold this much, and at most this much is spent at once. */
    long capacity() {
        return limit.requestsPerUnit();
    }

    long unitNanos() {
        return limit.unit().length().toNanos();
    }

    /** When spent tokens come back. */
    public enum Refill {
        /** All at once, a unit after the bucket's first use and every unit from there. */
        WINDOW,
        /** All at once when the clock passes a whole unit, as Envoy's reference service counts. */
        ALIGNED_WINDOW,
        /** One by one, evenly over the unit. */
        SMOOTH
    }

    /** What holds while the shared buckets do not answer. */
    public enum FailurePolicy {
        /** Each node admits its part of the limit: {@code requests / nodes} per unit, at least 1. */
        LOCAL_SHARE,
        ALLOW,
        DENY,
        /** {@link Decision.Unknown}: the caller decides. */
        REPORT
    }
}
