package io.sluice.gateway.listener;

import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The times a request may take: for all of it to arrive, without a byte either way, and until its answer is over. */
final class StreamTimers {
    private final ServerExchange exchange;
    private long lastActivityNanos;
    private @Nullable Future<?> idle;
    private @Nullable Future<?> request;
    private @Nullable Future<?> whole;

    StreamTimers(ServerExchange exchange) {
        this.exchange = exchange;
        lastActivityNanos = exchange.startNanos();
    }

    /** Zero turns a limit off. */
    void start(Duration idleLimit, Duration requestLimit, Duration wholeLimit) {
        if (!idleLimit.isZero()) {
            startIdle(idleLimit.toNanos(), idleLimit.toNanos());
        }
        if (!requestLimit.isZero()) {
            request = exchange.eventLoop()
                    .schedule(exchange::requestTookTooLong, requestLimit.toNanos(), TimeUnit.NANOSECONDS);
        }
        startWhole(wholeLimit);
    }

    private void startWhole(Duration limit) {
        if (!limit.isZero()) {
            whole = exchange.eventLoop().schedule(exchange::lastedTooLong, limit.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void startIdle(long delayNanos, long limitNanos) {
        idle = exchange.eventLoop()
                .schedule(
                        () -> {
                            long quiet = System.nanoTime() - lastActivityNanos;
                            if (quiet >= limitNanos) {
                                exchange.wasIdleTooLong();
                            } else {
                                startIdle(limitNanos - quiet, limitNanos);
                            }
                        },
                        delayNanos,
                        TimeUnit.NANOSECONDS);
    }

    void touched() {
        lastActivityNanos = System.nanoTime();
    }

    void requestArrived() {
        if (request != null) {
            request.cancel(false);
            request = null;
        }
    }

    void cancel() {
        requestArrived();
        if (idle != null) {
            idle.cancel(false);
            idle = null;
        }
        if (whole != null) {
            whole.cancel(false);
            whole = null;
        }
    }
}
