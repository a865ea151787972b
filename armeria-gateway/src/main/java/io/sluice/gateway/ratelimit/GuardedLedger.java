package io.sluice.gateway.ratelimit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger behind a deadline, and a breaker per partition: one silent member costs its own partitions a few milliseconds, once. */
final class GuardedLedger {
    private static final Logger log = LoggerFactory.getLogger(GuardedLedger.class);

    private final BucketLedger ledger;
    private final LimiterPolicy policy;
    private final LongSupplier clock;
    private final Alarm alarm;
    private final AtomicIntegerArray misses;
    private final AtomicLongArray probeAt;
    private final AtomicReferenceArray<@Nullable Asked> lastMissed;
    private final AtomicInteger open = new AtomicInteger();
    private final Timer latency;
    private final Counter late;
    private final Counter failed;

    GuardedLedger(BucketLedger ledger, LimiterPolicy policy, LongSupplier clock, Alarm alarm, MeterRegistry metrics) {
        this.ledger = ledger;
        this.policy = policy;
        this.clock = clock;
        this.alarm = alarm;
        misses = new AtomicIntegerArray(ledger.partitions());
        probeAt = new AtomicLongArray(ledger.partitions());
        lastMissed = new AtomicReferenceArray<>(ledger.partitions());
        latency = metrics.timer("ratelimit.ledger.latency");
        late = metrics.counter("ratelimit.ledger.deadline.missed");
        failed = metrics.counter("ratelimit.ledger.failed");
        metrics.gauge("ratelimit.breaker.open.partitions", open);
        metrics.gauge("ratelimit.ledger.ready", ledger, l -> l.isReady() ? 1 : 0);
        metrics.gauge("ratelimit.nodes", ledger, BucketLedger::nodes);
    }

    private static final Listener NOBODY = new Listener() {
        @Override
        public void onTaken(BucketLedger.Taken taken) {}

        @Override
        public void onFailed() {}

        @Override
        public void onLate() {}
    };

    private record Asked(BucketKey key, LimitRule rule) {}

    interface Listener {
        void onTaken(BucketLedger.Taken taken);

        void onFailed();

        /** The deadline passed; {@link #onTaken} or {@link #onFailed} may still follow. */
        void onLate();
    }

    /** Whether the bucket's partition may be asked now. True once per probe interval while the breaker is open. */
    boolean mayAsk(BucketKey key) {
        if (!ledger.isReady()) {
            return false;
        }
        int partition = ledger.partition(key);
        if (misses.get(partition) < policy.missesToOpen()) {
            return true;
        }
        long due = probeAt.get(partition);
        long now = clock.getAsLong();
        return now - due >= 0
                && probeAt.compareAndSet(
                        partition, due, now + policy.probeEvery().toNanos());
    }

    void take(BucketKey key, LimitRule rule, long tokens, Listener listener) {
        int partition = ledger.partition(key);
        long started = clock.getAsLong();
        var answered = new AtomicBoolean();
        Runnable deadline = alarm.after(policy.deadline().toNanos(), () -> {
            if (answered.compareAndSet(false, true)) {
                late.increment();
                missed(partition, new Asked(key, rule), "deadline");
                listener.onLate();
            }
        });
        ask(key, rule, tokens).whenComplete((taken, error) -> {
            deadline.run();
            boolean inTime = answered.compareAndSet(false, true);
            latency.record(clock.getAsLong() - started, TimeUnit.NANOSECONDS);
            if (error != null) {
                failed.increment();
                if (inTime) {
                    missed(partition, new Asked(key, rule), error.toString());
                }
                listener.onFailed();
            } else {
                if (inTime) {
                    answered(partition);
                }
                listener.onTaken(taken);
            }
        });
    }

    private CompletionStage<BucketLedger.Taken> ask(BucketKey key, LimitRule rule, long tokens) {
        try {
            return ledger.take(key, rule, tokens);
        } catch (RuntimeException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    /** Best effort: tokens that do not arrive are lost until the bucket fills again. */
    void giveBack(BucketKey key, LimitRule rule, long tokens) {
        if (ledger.isReady() && misses.get(ledger.partition(key)) < policy.missesToOpen()) {
            ledger.giveBack(key, rule, tokens);
        }
    }

    int nodes() {
        return ledger.nodes();
    }

    /** Looks whether silent partitions answer again, also those that no caller asks for any more. */
    void probe() {
        if (open.get() == 0) {
            return;
        }
        for (int partition = 0; partition < misses.length(); partition++) {
            Asked asked = lastMissed.get(partition);
            if (asked != null && misses.get(partition) >= policy.missesToOpen() && mayAsk(asked.key())) {
                take(asked.key(), asked.rule(), 0, NOBODY);
            }
        }
    }

    private void missed(int partition, Asked asked, String reason) {
        lastMissed.set(partition, asked);
        probeAt.set(partition, clock.getAsLong() + policy.probeEvery().toNanos());
        if (misses.incrementAndGet(partition) == policy.missesToOpen() && open.getAndIncrement() == 0) {
            log.warn("limits decided without the shared buckets partition={} reason={}", partition, reason);
        }
    }

    private void answered(int partition) {
        if (misses.getAndSet(partition, 0) >= policy.missesToOpen() && open.decrementAndGet() == 0) {
            log.info("shared buckets answer again");
        }
    }
}
