package io.sluice.gateway.ratelimit;

import io.github.bucket4j.TimeMeter;
import java.util.PriorityQueue;

/** A clock that moves when told, and the alarms that go off meanwhile. One thread. */
final class VirtualTime implements TimeMeter, Alarm {
    private static final long EPOCH = 1_700_000_000_000_000_000L;

    private record Ringing(long at, long order, Runnable task) implements Comparable<Ringing> {
        @Override
        public int compareTo(Ringing other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    private final PriorityQueue<Ringing> alarms = new PriorityQueue<>();
    private long now = EPOCH;
    private long order;

    long nanos() {
        return now;
    }

    @Override
    public long currentTimeNanos() {
        return now;
    }

    @Override
    public boolean isWallClockBased() {
        return true;
    }

    @Override
    public Runnable after(long nanos, Runnable task) {
        var ringing = new Ringing(now + nanos, order++, task);
        alarms.add(ringing);
        return () -> alarms.remove(ringing);
    }

    void advance(long nanos) {
        long until = now + nanos;
        while (!alarms.isEmpty() && alarms.peek().at() <= until) {
            Ringing next = alarms.remove();
            now = next.at();
            next.task().run();
        }
        now = until;
    }
}
