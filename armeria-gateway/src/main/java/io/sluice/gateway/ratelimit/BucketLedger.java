package io.sluice.gateway.ratelimit;

import java.util.concurrent.CompletionStage;

/**
 * Where the buckets that nodes share are kept. No method blocks; answers arrive on any thread, late or never: whoever asks keeps a
 * deadline of its own.
 */
public interface BucketLedger extends AutoCloseable {
    /**
     * Takes all these tokens or none, in one step that no other node can come between.
     *
     * @param tokens 0 only looks
     */
    CompletionStage<Taken> take(BucketKey key, LimitRule rule, long tokens);

    /** Puts tokens back that nobody used; never more than the bucket holds. */
    CompletionStage<?> giveBack(BucketKey key, LimitRule rule, long tokens);

    /** Buckets of one partition fall silent together. */
    int partitions();

    int partition(BucketKey key);

    /** False while it cannot be asked at all: not joined yet, or closed. */
    boolean isReady();

    /** How many nodes spend from these buckets: the larger of those configured and those seen, at least 1. */
    int nodes();

    @Override
    void close();

    /**
     * @param remaining left in the bucket
     * @param nanosToRefill until so many tokens could be taken; 0 where they were
     * @param nanosToReset until the bucket is full again
     */
    record Taken(boolean taken, long remaining, long nanosToRefill, long nanosToReset) {}
}
