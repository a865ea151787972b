package io.sluice.gateway.cluster.health;

import io.sluice.gateway.endpoint.Endpoint;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Checks one endpoint again and again until it is closed. The first result decides at once; after that a state changes when its threshold of
 * equal results in a row is reached; an answer outside the expected statuses decides at once. Any thread; results come one by one.
 */
public final class HealthChecker implements AutoCloseable {
    private final Supplier<Endpoint> endpoint;
    private final HealthCheckPolicy policy;
    private final HealthProbe probe;
    private final BooleanSupplier hasTraffic;
    private final Consumer<Boolean> onState;
    private final ScheduledExecutorService timer;
    private @Nullable ScheduledFuture<?> next;
    private @Nullable Boolean passing;
    private int inRow;
    private boolean closed;

    /** @param onState called with each change, and with the first result */
    public HealthChecker(
            Supplier<Endpoint> endpoint,
            HealthCheckPolicy policy,
            HealthProbe probe,
            BooleanSupplier hasTraffic,
            Consumer<Boolean> onState,
            ScheduledExecutorService timer) {
        this.endpoint = endpoint;
        this.policy = policy;
        this.probe = probe;
        this.hasTraffic = hasTraffic;
        this.onState = onState;
        this.timer = timer;
    }

    public void start() {
        check();
    }

    private void check() {
        probe.check(endpoint.get(), policy, this::checked);
    }

    private synchronized void checked(HealthProbe.Result result) {
        if (closed) {
            return;
        }
        boolean passed = result == HealthProbe.Result.PASSED;
        if (passing == null) {
            become(passed);
        } else if (passed == passing) {
            inRow = 0;
        } else if (result == HealthProbe.Result.REFUSED
                || ++inRow >= (passed ? policy.healthyThreshold() : policy.unhealthyThreshold())) {
            become(passed);
        }
        long interval = (hasTraffic.getAsBoolean() ? policy.interval() : policy.noTrafficInterval()).toNanos();
        // up to a tenth more, so that the checks of many endpoints do not stay in step
        long jitter = ThreadLocalRandom.current().nextLong(interval / 10 + 1);
        next = timer.schedule(this::check, interval + jitter, TimeUnit.NANOSECONDS);
    }

    private void become(boolean state) {
        passing = state;
        inRow = 0;
        onState.accept(state);
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (next != null) {
            next.cancel(false);
        }
    }
}
