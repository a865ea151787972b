package io.sluice.gateway.ratelimit;

import java.time.Duration;

/**
 * How the engine treats the ledger.
 *
 * @param deadline of one answer; then the limit's failure policy decides
 * @param memory how long a node believes what it was told of a bucket: tokens taken in advance are given back, and a refusal is asked
 *     again, after this
 * @param leasePart of a limit that all nodes together may hold in advance, 0..1; what makes less than two tokens per node is exact
 * @param missesToOpen answers in a row that a partition may miss before it is left alone
 * @param probeEvery how often a partition that is left alone is asked again
 * @param maxAccounts buckets a node remembers; those beyond are asked of the ledger every time
 */
public record LimiterPolicy(
        Duration deadline, Duration memory, double leasePart, int missesToOpen, Duration probeEvery, int maxAccounts) {
    public static final LimiterPolicy DEFAULT =
            new LimiterPolicy(Duration.ofMillis(5), Duration.ofSeconds(1), 0.05, 3, Duration.ofMillis(250), 200_000);

    public LimiterPolicy withDeadline(Duration other) {
        return new LimiterPolicy(other, memory, leasePart, missesToOpen, probeEvery, maxAccounts);
    }
}
