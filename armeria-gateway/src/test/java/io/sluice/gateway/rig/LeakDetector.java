package io.sluice.gateway.rig;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Netty's leak detector, made to remember: surefire names it in {@code io.netty.customResourceLeakDetector}. */
public final class LeakDetector<T> extends ResourceLeakDetector<T> {
    private static final List<String> LEAKS = new CopyOnWriteArrayList<>();
    private static final int ROUNDS = 3;

    public LeakDetector(Class<?> resource, int samplingInterval) {
        super(resource, samplingInterval);
    }

    /** Netty's older constructor. */
    public LeakDetector(Class<?> resource, int samplingInterval, long maxActive) {
        super(resource, samplingInterval);
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        super.reportTracedLeak(resourceType, records);
        LEAKS.add(resourceType + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        super.reportUntracedLeak(resourceType);
        LEAKS.add(resourceType);
    }

    /** Collects garbage and looks: a buffer that nobody released and nobody holds is a leak. */
    static void assertNothingLeaked() {
        for (int i = 0; i < ROUNDS; i++) {
            System.gc();
            ByteBufAllocator.DEFAULT.directBuffer(16).release(); // Netty looks when a buffer is made
        }
        if (!LEAKS.isEmpty()) {
            throw new AssertionError(LEAKS.size() + " buffers leaked, the first one: " + LEAKS.get(0));
        }
    }
}
