package io.sluice.gateway.admin;

import com.sun.management.UnixOperatingSystemMXBean;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.ThreadMXBean;

/** What the process itself uses. Each is read when it is asked for. */
public final class ProcessMeters {
    private ProcessMeters() {}

    /** @param workers the loops whose waiting tasks are told */
    public static void register(MeterRegistry metrics, EventLoopGroup workers) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        Gauge.builder(
                        "envoy.server.memory_allocated",
                        memory,
                        m -> m.getHeapMemoryUsage().getUsed())
                .register(metrics);
        Gauge.builder(
                        "envoy.server.memory_heap_size",
                        memory,
                        m -> m.getHeapMemoryUsage().getCommitted())
                .register(metrics);
        Gauge.builder("netty.direct_memory_bytes", PlatformDependent::usedDirectMemory)
                .register(metrics);
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        Gauge.builder("jvm.threads_live", threads, ThreadMXBean::getThreadCount).register(metrics);
        Gauge.builder("event_loop.pending_tasks", workers, ProcessMeters::pendingTasks)
                .register(metrics);
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            Gauge.builder("process.open_fds", system, UnixOperatingSystemMXBean::getOpenFileDescriptorCount)
                    .register(metrics);
            Gauge.builder("process.max_fds", system, UnixOperatingSystemMXBean::getMaxFileDescriptorCount)
                    .register(metrics);
        }
    }

    private static double pendingTasks(EventLoopGroup workers) {
        double pending = 0;
        for (EventExecutor worker : workers) {
            if (worker instanceof SingleThreadEventExecutor loop) {
                pending += loop.pendingTasks();
            }
        }
        return pending;
    }
}
