package io.sluice.sync.consul;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Waits between failing tries: 100 ms, doubling up to a bound, each shortened by up to half so that watches do not come back in step. */
final class Backoff {
    private static final long LEAST_MILLIS = 100;

    private final RandomGenerator random;
    private final long mostMillis;
    private long millis = LEAST_MILLIS;

    Backoff(RandomGenerator random, Duration most) {
        this.random = random;
        mostMillis = most.toMillis();
    }

    Duration next() {
        long now = millis;
        millis = Math.min(mostMillis, millis * 2);
        return Duration.ofMillis(now / 2 + random.nextLong(now / 2 + 1));
    }

    void reset() {
        millis = LEAST_MILLIS;
    }
}
