package io.sluice.gateway.ratelimit;

/**
 * What one bucket says.
 *
 * @param remaining as far as this node knows
 * @param retryNanos until a refused caller may find tokens; 0 for a granted one
 * @param resetNanos until the bucket is full again
 * @param source where the answer comes from
 * @param refundUntil on the engine's clock: until then what was granted belongs to the bucket's present window
 */
record Verdict(Answer answer, long remaining, long retryNanos, long resetNanos, Source source, long refundUntil) {
    enum Answer {
        GRANTED,
        OVER,
        UNKNOWN
    }

    enum Source {
        /** From what this node knows or holds of the bucket. */
        LOCAL,
        /** The ledger was asked. */
        LEDGER,
        /** The ledger is silent, the limit's failure policy decided. */
        FALLBACK
    }
}
