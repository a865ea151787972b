package io.sluice.gateway.cluster.health;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What outlier detection knows of one endpoint. Counting is for any thread; ejections go through the cluster. */
public final class OutlierMonitor {
    private final AtomicInteger serverErrors = new AtomicInteger();
    private final AtomicInteger gatewayErrors = new AtomicInteger();
    private final AtomicInteger localFailures = new AtomicInteger();
    private final Rate external = new Rate();
    private final Rate local = new Rate();
    private int backoff;
    private boolean unejectedBefore;
    private long unejectedNanos;
    private long ejections;

    /** What an endpoint may be ejected for, as Envoy's statistics call it. */
    public enum Reason {
        CONSECUTIVE_5XX,
        CONSECUTIVE_GATEWAY_FAILURE,
        CONSECUTIVE_LOCAL_ORIGIN_FAILURE,
        SUCCESS_RATE,
        LOCAL_ORIGIN_SUCCESS_RATE,
        FAILURE_PERCENTAGE,
        LOCAL_ORIGIN_FAILURE_PERCENTAGE
    }

    /** Requests of one interval, and how many of them went well. */
    public static final class Rate {
        private final LongAdder total = new LongAdder();
        private final LongAdder good = new LongAdder();
        private long lastTotal;
        private double lastPercent = -1;

        void count(boolean success) {
            total.increment();
            if (success) {
                good.increment();
            }
        }

        void turn() {
            lastTotal = total.sumThenReset();
            long went = good.sumThenReset();
            lastPercent = lastTotal == 0 ? -1 : 100.0 * went / lastTotal;
        }

        /** Requests of the last whole interval. */
        public long volume() {
            return lastTotal;
        }

        /** Percent that went well; -1 where there was no request. */
        public double percent() {
            return lastPercent;
        }
    }

    /** @return whether this answer makes so many gateway errors in a row; they are counted anew then */
    public boolean gatewayError(int status, int inRow) {
        return count(gatewayErrors, status >= 502 && status <= 504, inRow);
    }

    public boolean serverError(int status, int inRow) {
        external.count(status < 500);
        return count(serverErrors, status >= 500, inRow);
    }

    public boolean localFailure(boolean failed, int inRow) {
        local.count(!failed);
        return count(localFailures, failed, inRow);
    }

    private static boolean count(AtomicInteger counter, boolean failed, int inRow) {
        if (!failed) {
            if (counter.get() != 0) {
                counter.set(0);
            }
            return false;
        }
        if (counter.incrementAndGet() != inRow) {
            return false;
        }
        counter.set(0);
        return true;
    }

    /** An interval is over. */
    public void turn() {
        external.turn();
        local.turn();
    }

    public Rate external() {
        return external;
    }

    public Rate local() {
        return local;
    }

    // under the cluster's lock

    /** @return how long the endpoint stays away, without jitter */
    public long eject(OutlierPolicy.Ejection policy) {
        ejections++;
        long base = policy.base().toNanos();
        long max = policy.max().toNanos();
        if (backoff * base < max + base) {
            backoff++;
        }
        return Math.min(backoff * base, max);
    }

    public void takenBack(long nowNanos) {
        serverErrors.set(0);
        gatewayErrors.set(0);
        localFailures.set(0);
        unejectedBefore = true;
        unejectedNanos = nowNanos;
    }

    /** One who has stayed for an interval gets a step of its next ejection forgiven. */
    public void stayed(long nowNanos, long intervalNanos) {
        if (unejectedBefore && backoff > 0 && nowNanos - unejectedNanos >= intervalNanos) {
            backoff--;
        }
    }

    public long ejections() {
        return ejections;
    }
}
