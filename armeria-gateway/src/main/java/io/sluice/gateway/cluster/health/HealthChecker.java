package io.sluice.gateway.cluster.health;

import io.sluice.gateway.endpoint.Endpoint;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Checks one endpoint again and again until it is closed. The first result decides at once; after that a state changes when its threshold of
 * equal results in a row is reached; an answer that is not expected decides at once. Any thread; results come one by one. Source: Envoy
 * source/common/upstream/health_checker_base_impl.cc.
 */
public final class HealthChecker implements AutoCloseable {
    private final Supplier<Endpoint> endpoint;
    private final HealthCheckPolicy policy;
    private final HealthProbe probe;
    private final BooleanSupplier hasTraffic;
    private final Listener listener;
    private final ScheduledExecutorService timer;
    private @Nullable ScheduledFuture<?> next;
    private @Nullable Boolean passing;
    private int inRow;
    private boolean closed;

    /** Hears of every result. */
    @FunctionalInterface
    public interface Listener {
        /** @param passing what the endpoint counts as now */
        void checked(boolean passing, HealthProbe.Result result);
    }

    public HealthChecker(
            Supplier<Endpoint> endpoint,
            HealthCheckPolicy policy,
            HealthProbe probe,
            BooleanSupplier hasTraffic,
            Listener listener,
            ScheduledExecutorService timer) {
        this.endpoint = endpoint;
        this.policy = policy;
        this.probe = probe;
        this.hasTraffic = hasTraffic;
        this.listener = listener;
        this.timer = timer;
    }

    public void start() {
        long jitter = upTo(policy.intervals().initialJitter());
        if (jitter == 0) {
            check();
        } else {
            schedule(jitter);
        }
    }

    /** The endpoint has said itself that it is not well: it takes the threshold of passes to come back. */
    public synchronized void failed() {
        if (!closed) {
            passing = false;
            inRow = 0;
        }
    }

    private void check() {
        probe.check(endpoint.get(), policy, this::checked);
    }

    private synchronized void checked(HealthProbe.Result result) {
        if (closed) {
            return;
        }
        boolean passed = result.passed();
        boolean pending = false;
        Boolean before = passing;
        if (before == null) {
            become(passed);
        } else if (passed == before) {
            inRow = 0;
        } else if (result == HealthProbe.Result.REFUSED
                || ++inRow >= (passed ? policy.healthyThreshold() : policy.unhealthyThreshold())) {
            become(passed);
        } else {
            pending = true;
        }
        listener.checked(Boolean.TRUE.equals(passing), result);
        if (!closed) {
            schedule(jittered(interval(passed, pending)));
        }
    }

    private void become(boolean state) {
        passing = state;
        inRow = 0;
    }

    private Duration interval(boolean passed, boolean pending) {
        HealthCheckPolicy.Intervals intervals = policy.intervals();
        if (!hasTraffic.getAsBoolean()) {
            return passed && !pending ? intervals.noTrafficHealthy() : intervals.noTraffic();
        }
        if (passed) {
            return pending ? intervals.healthyEdge() : intervals.healthy();
        }
        return pending ? intervals.unhealthyEdge() : intervals.unhealthy();
    }

    private long jittered(Duration interval) {
        HealthCheckPolicy.Intervals intervals = policy.intervals();
        long nanos = interval.toNanos();
        return nanos + upTo(Duration.ofNanos(nanos / 100 * intervals.jitterPercent())) + upTo(intervals.jitter());
    }

    private static long upTo(Duration most) {
        return most.isZero() ? 0 : ThreadLocalRandom.current().nextLong(most.toNanos());
    }

    private synchronized void schedule(long nanos) {
        if (!closed) {
            next = timer.schedule(this::check, nanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (next != null) {
            next.cancel(false);
        }
    }
}
