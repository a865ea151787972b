package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.health.OutlierMonitor;
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
    private final OutlierMonitor monitor = new OutlierMonitor();
    private final AtomicInteger connections = new AtomicInteger();
    private final LongAdder allConnections = new LongAdder();
    private final LongAdder failedConnections = new LongAdder();
    private final LongAdder requests = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private volatile Endpoint endpoint;
    private volatile boolean checkFailed;
    private volatile boolean checkedDegraded;
    private volatile boolean awaitingFirstCheck;
    private final boolean excluded;
    private volatile long healthySinceNanos;
    private volatile long ejectedUntilNanos;
    private volatile boolean ejected;
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

    /** Open and connecting connections of all loops. */
    public int connections() {
        return connections.get();
    }

    public void connects() {
        connections.incrementAndGet();
        allConnections.increment();
    }

    public void couldNotConnect() {
        failedConnections.increment();
    }

    /** Connections ever. */
    public long allConnections() {
        return allConnections.sum();
    }

    /** Those of them that could not be made. */
    public long failedConnections() {
        return failedConnections.sum();
    }

    public void disconnected() {
        connections.decrementAndGet();
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
    public boolean isExcluded() {
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
        return endpoint.health() == Endpoint.HealthStatus.HEALTHY && !checkedDegraded && !isOut();
    }

    public boolean isDegraded() {
        return (endpoint.health() == Endpoint.HealthStatus.DEGRADED
                        || (checkedDegraded && endpoint.health() == Endpoint.HealthStatus.HEALTHY))
                && !isOut();
    }

    /** Whether its checks say that it wants no more load than is needed. */
    public boolean isCheckedDegraded() {
        return checkedDegraded;
    }

    /** Whether its first check is still to come. */
    public boolean isPending() {
        return awaitingFirstCheck;
    }

    private boolean isOut() {
        return checkFailed || awaitingFirstCheck || ejected;
    }

    /** Called when the endpoint leaves the assignment, and when its connections are to be closed for another reason. */
    public void onRemoval(Runnable action) {
        onRemoval = action;
    }

    void closeConnections() {
        Runnable action = onRemoval;
        if (action != null) {
            action.run();
        }
    }

    /** @return whether that changed */
    boolean checkedDegraded(boolean degraded) {
        boolean was = checkedDegraded;
        checkedDegraded = degraded;
        return was != degraded;
    }

    void update(Endpoint next) {
        endpoint = next;
        removed = false;
        leaving = false;
    }

    void remove() {
        removed = true;
        closeConnections();
    }

    /** @return whether health changed */
    boolean checked(boolean passed) {
        boolean was = checkFailed || awaitingFirstCheck;
        awaitingFirstCheck = false;
        checkFailed = !passed;
        return was == passed;
    }

    OutlierMonitor monitor() {
        return monitor;
    }

    /** Percent of the last interval's requests that went well; -1 where there were none. */
    public double successRate() {
        return monitor.external().percent();
    }

    public double localOriginSuccessRate() {
        return monitor.local().percent();
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
        ejected = true;
    }

    void takeBack(long nowNanos) {
        ejected = false;
        monitor.takenBack(nowNanos);
    }

    long ejectedUntilNanos() {
        return ejectedUntilNanos;
    }
}
