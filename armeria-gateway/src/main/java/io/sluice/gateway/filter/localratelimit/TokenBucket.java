package io.sluice.gateway.filter.localratelimit;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/** Fills steadily. Any thread. */
final class TokenBucket {
    private final long max;
    private final double tokensPerNano;
    private final LongSupplier nanoTime;
    private final AtomicReference<Level> level;

    private record Level(double tokens, long atNanos) {}

    TokenBucket(Size size, LongSupplier nanoTime) {
        max = size.max();
        tokensPerNano = (double) size.perFill() / size.fillNanos();
        this.nanoTime = nanoTime;
        level = new AtomicReference<>(new Level(max, nanoTime.getAsLong()));
    }

    /** @param perFill tokens that come in each fill interval */
    record Size(long max, long perFill, long fillNanos) {}

    /** @return whether there were so many tokens, which are gone then */
    boolean take(long tokens) {
        while (true) {
            Level now = now();
            long nanos = nanoTime.getAsLong();
            double there = at(now, nanos);
            if (there < tokens) {
                return false;
            }
            if (level.compareAndSet(
                    now, new Level(there - tokens, nanos - now.atNanos() > 0 ? nanos : now.atNanos()))) {
                return true;
            }
        }
    }

    private Level now() {
        return Objects.requireNonNull(level.get());
    }

    private double at(Level now, long nanos) {
        return Math.min((double) max, now.tokens() + Math.max(0, nanos - now.atNanos()) * tokensPerNano);
    }

    long max() {
        return max;
    }

    /** Whole tokens. */
    long remaining() {
        return (long) at(now(), nanoTime.getAsLong());
    }

    /** Until one token more is there. */
    double secondsToNextToken() {
        double there = at(now(), nanoTime.getAsLong());
        return there >= 1 ? 0 : (1 - there) / tokensPerNano / 1e9;
    }

    double tokensPerSecond() {
        return tokensPerNano * 1e9;
    }
}
