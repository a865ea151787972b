package io.sluice.gateway.ratelimit;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Calls back after a while. */
@FunctionalInterface
interface Alarm {
    /** @return cancels it */
    Runnable after(long nanos, Runnable task);

    static Alarm on(ScheduledThreadPoolExecutor timer) {
        return (nanos, task) -> {
            ScheduledFuture<?> scheduled = timer.schedule(task, nanos, TimeUnit.NANOSECONDS);
            return () -> scheduled.cancel(false);
        };
    }
}
