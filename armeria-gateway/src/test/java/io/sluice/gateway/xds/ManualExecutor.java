package io.sluice.gateway.xds;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** An executor whose time stands still until a test moves it. What is due runs in the caller's thread. */
final class ManualExecutor extends AbstractExecutorService implements ScheduledExecutorService, InstantSource {
    private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

    private final PriorityQueue<Task> tasks = new PriorityQueue<>(
            Comparator.<Task>comparingLong(task -> task.dueMillis).thenComparingLong(task -> task.number));
    private long nowMillis;
    private long number;
    private boolean running;

    private final class Task extends FutureTask<Void> implements ScheduledFuture<Void> {
        final long dueMillis;
        final long number;

        Task(Runnable command, long dueMillis) {
            super(command, null);
            this.dueMillis = dueMillis;
            this.number = ManualExecutor.this.number++;
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(dueMillis - nowMillis, TimeUnit.MILLISECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.MILLISECONDS), other.getDelay(TimeUnit.MILLISECONDS));
        }
    }

    /** Delays of what is scheduled, from now, shortest first. */
    List<Duration> scheduled() {
        List<Duration> delays = new ArrayList<>();
        tasks.stream()
                .filter(task -> !task.isCancelled())
                .sorted()
                .forEach(task -> delays.add(Duration.ofMillis(task.dueMillis - nowMillis)));
        return delays;
    }

    void advance(Duration by) {
        long until = nowMillis + by.toMillis();
        while (!tasks.isEmpty() && tasks.peek().dueMillis <= until) {
            Task task = tasks.poll();
            nowMillis = Math.max(nowMillis, task.dueMillis);
            run(task);
        }
        nowMillis = until;
    }

    private static void run(Task task) {
        task.run();
        if (!task.isCancelled()) {
            try {
                task.get();
            } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
                throw new AssertionError("a task failed", e);
            }
        }
    }

    @Override
    public void execute(Runnable command) {
        tasks.add(new Task(command, nowMillis));
        if (!running) {
            running = true;
            try {
                advance(Duration.ZERO);
            } finally {
                running = false;
            }
        }
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        Task task = new Task(command, nowMillis + unit.toMillis(delay));
        tasks.add(task);
        return task;
    }

    @Override
    public Instant instant() {
        return START.plusMillis(nowMillis);
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long delay, long period, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long delay, long period, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void shutdown() {
        tasks.clear();
    }

    @Override
    public List<Runnable> shutdownNow() {
        tasks.clear();
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return false;
    }

    @Override
    public boolean isTerminated() {
        return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return true;
    }
}
