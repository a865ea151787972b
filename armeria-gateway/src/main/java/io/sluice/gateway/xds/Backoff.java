package io.sluice.gateway.xds;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Doubling delays; each is taken from the upper half of its step, so that many clients do not come back together. */
final class Backoff {
    private final Duration first;
    private final Duration longest;
    private final RandomGenerator random;
    private Duration step;

    Backoff(Duration first, Duration longest, RandomGenerator random) {
        this.first = first;
        this.longest = longest;
        this.random = random;
        step = first;
    }

    Duration next() {
        Duration now = step;
        step = now.multipliedBy(2).compareTo(longest) > 0 ? longest : now.multipliedBy(2);
        long half = now.toMillis() / 2;
        return Duration.ofMillis(half + random.nextLong(now.toMillis() - half + 1));
    }

    void reset() {
        step = first;
    }
}
