package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Endpoint;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint with what is known of it: load, health, ejection. Kept by address over all changes of the assignment. Any thread; health
 * changes go through its {@link Cluster}.
 */
public final class LiveEndpoint {
    private final String key;
    private final AtomicInteger active = new AtomicInteger();
    private final AtomicInteger consecutive5xx = new AtomicInteger();
    private final AtomicInteger consecutiveGateway = new AtomicInteger();
    private final LongAdder requests = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private volatile Endpoint endpoint;
    private volatile boolean checkFailed;
    private volatile boolean awaitingFirstCheck;
    private final boolean excluded;
    private volatile long healthySinceNanos;
    private volatile long ejectedUntilNanos;
    private volatile boolean ejected;
    private final AtomicInteger ejections = new AtomicInteger();
    private volatile boolean removed;
    private volatile boolean leaving;
    private volatile @Nullable Runnable onRemoval;

    /** @param excluded whether it counts for nothing while it waits for its first check */
    LiveEndpoint(Endpoint endpoint, boolean awaitingFirstCheck, boolean excluded, long nowNanos) {
        this.endpoint = endpoint;
        this.awaitingFirstCheck = awaitingFirstCheck;
        this.excluded = excluded;
        healthySinceNanos = nowNanos;
        key = endpoint.key();
    }

    /** {@code ip:port}. */
    public String key() {
        return key;
    }

    public Endpoint endpoint() {
        return endpoint;
    }

    /** Requests under way. */
    public int active() {
        return active.get();
    }

    public void begin() {
        active.incrementAndGet();
        requests.increment();
    }

    public void end(boolean failed) {
        active.decrementAndGet();
        if (failed) {
            errors.increment();
        }
    }

    public long requests() {
        return requests.sum();
    }

    public long errors() {
        return errors.sum();
    }

    public boolean failedActiveCheck() {
        return checkFailed;
    }

    public boolean isEjected() {
        return ejected;
    }

    /** Gone from the assignment: no request is sent to it any more, those under way finish. */
    public boolean isRemoved() {
        return removed;
    }

    /** Nobody knows yet how it is, and the cluster wants such ones left out of every count. */
    boolean isExcluded() {
        return excluded && awaitingFirstCheck;
    }

    long healthySinceNanos() {
        return healthySinceNanos;
    }

    void healthyAgain(long nowNanos) {
        healthySinceNanos = nowNanos;
    }

    /** Whether it may get traffic as far as health is known; an endpoint that waits for its first check may not. */
    public boolean isHealthy() {
        return endpoint.health() == Endpoint.HealthStatus.HEALTHY && !isOut();
    }

    public boolean isDegraded() {
        return endpoint.health() == Endpoint.HealthStatus.DEGRADED && !isOut();
    }

    private boolean isOut() {
        return checkFailed || awaitingFirstCheck || ejected;
    }

    /** Called once, when the endpoint leaves the assignment. */
    public void onRemoval(Runnable action) {
        onRemoval = action;
    }

    void update(Endpoint next) {
        endpoint = next;
        removed = false;
        leaving = false;
    }

    void remove() {
        removed = true;
        Runnable action = onRemoval;
        if (action != null) {
            action.run();
        }
    }

    /** @return whether health changed */
    boolean checked(boolean passed) {
        boolean was = checkFailed || awaitingFirstCheck;
        awaitingFirstCheck = false;
        checkFailed = !passed;
        return was == passed;
    }

    /** @return whether this failure is the one that makes so many in a row; they are counted anew then */
    boolean count5xx(boolean failed, int inRow) {
        return count(consecutive5xx, failed, inRow);
    }

    boolean countGateway(boolean failed, int inRow) {
        return count(consecutiveGateway, failed, inRow);
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

    /** Gone from the assignment, yet checks still pass. */
    boolean isLeaving() {
        return leaving;
    }

    void leave() {
        leaving = true;
    }

    void eject(long untilNanos) {
        ejectedUntilNanos = untilNanos;
        ejections.incrementAndGet();
        ejected = true;
        consecutive5xx.set(0);
        consecutiveGateway.set(0);
    }

    void takeBack() {
        ejected = false;
    }

    void forgiveOneEjection() {
        ejections.updateAndGet(count -> Math.max(0, count - 1));
    }

    int ejections() {
        return ejections.get();
    }

    long ejectedUntilNanos() {
        return ejectedUntilNanos;
    }
}
