package io.sluice.gateway.listener;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the process no longer takes on while its memory or its connections run out, so that it does not die of them. Levels by the share of memory in
 * use; connections by number. Any thread.
 */
public final class Overload {
    private static final Logger log = LoggerFactory.getLogger(Overload.class);

    /** Each does what those before it do as well. */
    public enum Level {
        NONE(0, 0),

        /** Requests are answered by 503. */
        STOP_REQUESTS(1, 0.85),

        /** Idle connections are closed, HTTP/1 connections end with their next answer. */
        CLOSE_IDLE(2, 0.92),

        /** Connections are not taken. */
        STOP_CONNECTIONS(3, 0.97);

        private final int number;
        private final double from;

        Level(int number, double from) {
            this.number = number;
            this.from = from;
        }

        static Level of(double pressure) {
            Level level = NONE;
            for (Level each : values()) {
                if (pressure >= each.from) {
                    level = each;
                }
            }
            return level;
        }
    }

    private final int maxConnections;
    private final DoubleSupplier memory;
    private final AtomicInteger connections = new AtomicInteger();
    private final Counter overflowed;
    private final Counter rejected;
    private final Counter shed;
    private final Counter ended;
    private volatile Level level = Level.NONE;
    private volatile double pressure;

    /**
     * @param maxConnections of all listeners together
     * @param memory the share in use of what there is, 0 to 1
     */
    public Overload(int maxConnections, DoubleSupplier memory, MeterRegistry registry) {
        this.maxConnections = maxConnections;
        this.memory = memory;
        overflowed =
                Counter.builder("envoy.listener.downstream_global_cx_overflow").register(registry);
        rejected =
                Counter.builder("envoy.listener.downstream_cx_overload_reject").register(registry);
        shed = Counter.builder("envoy.http.downstream_rq_overload_close").register(registry);
        ended = Counter.builder("envoy.http.downstream_cx_overload_disable_keepalive")
                .register(registry);
        Gauge.builder("envoy.overload.memory_pressure", this, overload -> overload.pressure)
                .description("share of heap or direct memory in use, whichever is greater, after the last collection")
                .register(registry);
        Gauge.builder("envoy.overload.level", this, overload -> overload.level.number)
                .description("0 none, 1 requests, 2 idle connections, 3 new connections are turned away")
                .register(registry);
        Gauge.builder("envoy.server.total_connections", connections, AtomicInteger::get)
                .register(registry);
    }

    /** Looks at the memory again; to be called several times a second. @return whether idle connections are to be closed */
    public boolean look() {
        pressure = memory.getAsDouble();
        Level now = Level.of(pressure);
        Level before = level;
        if (now != before) {
            level = now;
            if (before == Level.NONE) {
                log.warn("overloaded level={} memory={}", now, pressure);
            } else if (now == Level.NONE) {
                log.info("overload over memory={}", pressure);
            }
        }
        return now.compareTo(Level.CLOSE_IDLE) >= 0;
    }

    Level level() {
        return level;
    }

    int connections() {
        return connections.get();
    }

    /** A line per fact. */
    @Override
    public String toString() {
        return "level::%s%nmemory_pressure::%.2f%nconnections::%d%nmax_connections::%d%n"
                .formatted(level.name().toLowerCase(Locale.ROOT), pressure, connections.get(), maxConnections);
    }

    /** @return false where the connection is not to be taken; else {@link #disconnected} is owed */
    boolean connected() {
        if (level == Level.STOP_CONNECTIONS) {
            rejected.increment();
            return false;
        }
        if (connections.incrementAndGet() > maxConnections) {
            connections.decrementAndGet();
            overflowed.increment();
            return false;
        }
        return true;
    }

    void disconnected() {
        connections.decrementAndGet();
    }

    /** Whether a request is to be answered by 503 at once. */
    boolean sheds() {
        if (level == Level.NONE) {
            return false;
        }
        shed.increment();
        return true;
    }

    /** Whether a connection ends with this answer. */
    boolean endsConnections() {
        if (level.compareTo(Level.CLOSE_IDLE) < 0) {
            return false;
        }
        ended.increment();
        return true;
    }
}
