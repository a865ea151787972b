package io.sluice.gateway.ratelimit;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A way to a shared ledger that is slow, silent or broken as told. The ledger acts half-way, as over a network. */
final class MoodyLedger implements BucketLedger {
    private final BucketLedger shared;
    private final VirtualTime time;
    long delayNanos;
    boolean silent;
    boolean failing;
    int questions;

    MoodyLedger(BucketLedger shared, VirtualTime time) {
        this.shared = shared;
        this.time = time;
    }

    @Override
    public CompletionStage<Taken> take(BucketKey key, LimitRule rule, long tokens) {
        questions++;
        if (failing) {
            throw new IllegalStateException("broken");
        }
        var answer = new CompletableFuture<Taken>();
        if (!silent) {
            long half = delayNanos / 2;
            time.after(
                    half,
                    () -> shared.take(key, rule, tokens)
                            .thenAccept(taken -> time.after(delayNanos - half, () -> answer.complete(taken))));
        }
        return answer;
    }

    @Override
    public CompletionStage<?> giveBack(BucketKey key, LimitRule rule, long tokens) {
        time.after(delayNanos, () -> shared.giveBack(key, rule, tokens));
        return CompletableFuture.completedStage(true);
    }

    @Override
    public int partitions() {
        return shared.partitions();
    }

    @Override
    public int partition(BucketKey key) {
        return shared.partition(key);
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public int nodes() {
        return shared.nodes();
    }

    @Override
    public void close() {}
}
