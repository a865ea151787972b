package io.sluice.gateway.cluster;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.PriorityQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A clock that moves when told, and what was scheduled by it. One thread. */
final class VirtualTimer {
    private final PriorityQueue<Due> queue = new PriorityQueue<>();
    private long now = 1_000_000_000_000L;
    private long order;

    private final class Due implements Comparable<Due> {
        private final long number = order++;
        private final Runnable task;
        private final long period;
        private long at;

        Due(Runnable task, long delay, long period) {
            this.task = task;
            this.period = period;
            at = now + delay;
            queue.add(this);
        }

        @Override
        public int compareTo(Due other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(number, other.number);
        }

        ScheduledFuture<?> future() {
            InvocationHandler handler = (proxy, method, arguments) -> {
                if (method.getName().equals("cancel")) {
                    return queue.remove(this);
                }
                throw new UnsupportedOperationException(method.getName());
            };
            return (ScheduledFuture<?>) Proxy.newProxyInstance(
                    VirtualTimer.class.getClassLoader(), new Class<?>[] {ScheduledFuture.class}, handler);
        }
    }

    long nanos() {
        return now;
    }

    ScheduledExecutorService executor() {
        InvocationHandler handler = (proxy, method, arguments) -> switch (method.getName()) {
            case "schedule" ->
                new Due((Runnable) arguments[0], ((TimeUnit) arguments[2]).toNanos((long) arguments[1]), 0).future();
            case "scheduleAtFixedRate", "scheduleWithFixedDelay" ->
                new Due(
                                (Runnable) arguments[0],
                                ((TimeUnit) arguments[3]).toNanos((long) arguments[1]),
                                ((TimeUnit) arguments[3]).toNanos((long) arguments[2]))
                        .future();
            default -> throw new UnsupportedOperationException(method.getName());
        };
        return (ScheduledExecutorService) Proxy.newProxyInstance(
                VirtualTimer.class.getClassLoader(), new Class<?>[] {ScheduledExecutorService.class}, handler);
    }

    void advance(Duration time) {
        long until = now + time.toNanos();
        while (!queue.isEmpty() && queue.peek().at <= until) {
            Due due = queue.remove();
            now = due.at;
            due.task.run();
            if (due.period > 0) {
                due.at = now + due.period;
                queue.add(due);
            }
        }
        now = until;
    }
}
