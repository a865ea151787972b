package io.sluice.loadtests.bench;

import java.time.Duration;

/**
 * How much is measured.
 *
 * @param warmUp requests before anything counts, for each proxy and shape
 * @param rounds how often each proxy has its turn, one after the other, so that a busy moment of the machine meets all of them
 * @param pace requests per second for the latency rows
 * @param idle how long a started proxy is left alone before its idle memory is read
 */
record Plan(
        int warmUp,
        int rounds,
        Duration round,
        double pace,
        int inFlight,
        int starts,
        Duration idle,
        int registrations) {
    static final Plan FULL = new Plan(100_000, 5, Duration.ofSeconds(4), 2_000, 64, 5, Duration.ofSeconds(6), 40);

    /** Whether it runs, not how fast. */
    static final Plan QUICK = new Plan(200, 1, Duration.ofMillis(300), 200, 8, 1, Duration.ZERO, 3);
}
