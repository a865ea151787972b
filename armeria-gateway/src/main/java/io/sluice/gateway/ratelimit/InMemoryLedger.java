package io.sluice.gateway.ratelimit;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.EstimationProbe;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.TokensInheritanceStrategy;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** The buckets of a node that shares them with nobody, or of several engines in one test. Answers at once. */
public final class InMemoryLedger implements BucketLedger {
    private static final int SWEEP_EVERY = 10_000;

    private final Map<BucketKey, Kept> buckets = new ConcurrentHashMap<>();
    private final TimeMeter clock;
    private final int nodes;

    public InMemoryLedger() {
        this(TimeMeter.SYSTEM_MILLISECONDS, 1);
    }

    /** @param clock a wall clock */
    InMemoryLedger(TimeMeter clock, int nodes) {
        this.clock = clock;
        this.nodes = nodes;
    }

    private record Kept(Bucket bucket, long version, long capacity) {}

    @Override
    public CompletionStage<Taken> take(BucketKey key, LimitRule rule, long tokens) {
        Bucket bucket = bucket(key, rule);
        if (tokens == 0) {
            EstimationProbe probe = bucket.estimateAbilityToConsume(1);
            return CompletableFuture.completedStage(
                    new Taken(true, probe.getRemainingTokens(), probe.getNanosToWaitForRefill(), 0));
        }
        ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(tokens);
        return CompletableFuture.completedStage(new Taken(
                probe.isConsumed(),
                probe.getRemainingTokens(),
                probe.getNanosToWaitForRefill(),
                probe.getNanosToWaitForReset()));
    }

    @Override
    public CompletionStage<?> giveBack(BucketKey key, LimitRule rule, long tokens) {
        bucket(key, rule).addTokens(tokens);
        return CompletableFuture.completedStage(true);
    }

    private Bucket bucket(BucketKey key, LimitRule rule) {
        if (buckets.size() >= SWEEP_EVERY && buckets.size() % SWEEP_EVERY == 0) {
            buckets.values().removeIf(kept -> kept.bucket().getAvailableTokens() >= kept.capacity());
        }
        return buckets.compute(key, (k, kept) -> {
                    if (kept == null) {
                        Bucket fresh = Bucket.builder()
                                .addLimit(
                                        Buckets.configuration(rule, nowMillis()).getBandwidths()[0])
                                .withCustomTimePrecision(clock)
                                .build();
                        return new Kept(fresh, rule.version(), rule.capacity());
                    }
                    if (kept.version() >= rule.version()) {
                        return kept;
                    }
                    kept.bucket()
                            .replaceConfiguration(
                                    Buckets.configuration(rule, nowMillis()), TokensInheritanceStrategy.PROPORTIONALLY);
                    return new Kept(kept.bucket(), rule.version(), rule.capacity());
                })
                .bucket();
    }

    private long nowMillis() {
        return clock.currentTimeNanos() / 1_000_000;
    }

    @Override
    public int partitions() {
        return 1;
    }

    @Override
    public int partition(BucketKey key) {
        return 0;
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public int nodes() {
        return nodes;
    }

    @Override
    public void close() {
        buckets.clear();
    }
}
