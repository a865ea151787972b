package io.sluice.sync.consul;

import java.time.Duration;

/** A token bucket for one watch: ten queries at once, then five a second, whatever Consul wakes it for. */
final class Pace {
    private static final int BURST = 10;
    private static final long REFILL_NANOS = Duration.ofMillis(200).toNanos();

    private long full = Long.MIN_VALUE;

    /** How long the next query must wait; it is counted as asked. */
    Duration next(long nanoTime) {
        if (full == Long.MIN_VALUE || full < nanoTime) {
            full = nanoTime;
        }
        full += REFILL_NANOS;
        return Duration.ofNanos(Math.max(0, full - nanoTime - BURST * REFILL_NANOS));
    }
}
