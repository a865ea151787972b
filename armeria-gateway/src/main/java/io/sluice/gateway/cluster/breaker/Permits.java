package io.sluice.gateway.cluster.breaker;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** A number that must not be exceeded by concurrent holders. Counts survive a change of the limit. Any thread. */
public final class Permits {
    private final AtomicInteger held = new AtomicInteger();
    private volatile int limit;
    private volatile @Nullable IntSupplier moving;

    public Permits(int limit) {
        this.limit = limit;
    }

    public void limit(int limit) {
        this.limit = limit;
        moving = null;
    }

    /** A limit that is asked for each time. */
    void limit(IntSupplier limit) {
        moving = limit;
    }

    public int limit() {
        IntSupplier asked = moving;
        return asked == null ? limit : asked.getAsInt();
    }

    public boolean tryAcquire() {
        if (held.incrementAndGet() <= limit()) {
            return true;
        }
        held.decrementAndGet();
        return false;
    }

    /** Takes one over the limit: Envoy lets an endpoint without any connection always open one. */
    public void acquireAnyway() {
        held.incrementAndGet();
    }

    public void release() {
        held.decrementAndGet();
    }

    public int left() {
        return Math.max(0, limit() - held());
    }

    public int held() {
        return held.get();
    }
}
