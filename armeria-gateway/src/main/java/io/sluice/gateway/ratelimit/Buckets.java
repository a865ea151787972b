package io.sluice.gateway.ratelimit;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.BucketConfiguration;
import java.time.Duration;
import java.time.Instant;

/** The Bucket4j bucket that a limit means. */
final class Buckets {
    private Buckets() {}

    /** @param nowMillis wall clock, for windows aligned to it */
    static BucketConfiguration configuration(LimitRule rule, long nowMillis) {
        Duration unit = rule.limit().unit().length();
        long tokens = rule.capacity();
        var bandwidth = Bandwidth.builder().capacity(tokens);
        Bandwidth built = switch (rule.refill()) {
            case WINDOW -> bandwidth.refillIntervally(tokens, unit).build();
            case SMOOTH -> bandwidth.refillGreedy(tokens, unit).build();
            case ALIGNED_WINDOW ->
                bandwidth
                        .refillIntervallyAligned(tokens, unit, Instant.ofEpochMilli(nextBoundary(unit, nowMillis)))
                        .build();
        };
        return BucketConfiguration.builder().addLimit(built).build();
    }

    private static long nextBoundary(Duration unit, long nowMillis) {
        return nowMillis - nowMillis % unit.toMillis() + unit.toMillis();
    }
}
