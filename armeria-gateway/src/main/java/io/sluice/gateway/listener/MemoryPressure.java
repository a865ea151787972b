package io.sluice.gateway.listener;

import io.netty.util.internal.PlatformDependent;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.function.DoubleSupplier;

/** How full this process's memory is: the heap as the last collection left it, or what Netty holds outside of it. */
public final class MemoryPressure implements DoubleSupplier {
    /** Those of objects that live; the young ones are empty after a collection. */
    private final List<MemoryPoolMXBean> pools = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP && pool.isCollectionUsageThresholdSupported())
            .filter(pool -> !pool.getName().contains("Eden") && !pool.getName().contains("Survivor"))
            .toList();

    @Override
    public double getAsDouble() {
        double highest = direct();
        for (MemoryPoolMXBean pool : pools) {
            MemoryUsage left = pool.getCollectionUsage();
            if (left != null && left.getMax() > 0) {
                highest = Math.max(highest, (double) left.getUsed() / left.getMax());
            }
        }
        return highest;
    }

    private static double direct() {
        long max = PlatformDependent.maxDirectMemory();
        long used = PlatformDependent.usedDirectMemory();
        return max <= 0 || used < 0 ? 0 : (double) used / max;
    }
}
