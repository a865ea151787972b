package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.lb.HashRing;
import org.jspecify.annotations.Nullable;

/** How the next endpoint of a priority is chosen. */
public sealed interface LbPolicy {
    /** In turn; by earliest deadline first where weights differ, or where an endpoint starts slowly. */
    record RoundRobin(@Nullable SlowStart slowStart) implements LbPolicy {
        public RoundRobin() {
            this(null);
        }
    }

    /**
     * The least busy of some; by weight over active requests where weights differ, or where an endpoint starts slowly.
     *
     * @param choices how many at random; 0 means all are looked at
     * @param bias the power of the active requests in that weight
     */
    record LeastRequest(int choices, double bias, @Nullable SlowStart slowStart) implements LbPolicy {
        public LeastRequest(int choices) {
            this(choices, 1, null);
        }
    }

    /** Uniform, whatever the weights. */
    record Random() implements LbPolicy {}

    /** The request's hash decides, see {@link HashRing}. */
    record RingHash(long minimumSize, long maximumSize, HashRing.Function function, Hashing hashing)
            implements LbPolicy {}

    /** The request's hash decides, see {@link io.sluice.gateway.cluster.lb.MaglevTable}. @param size a prime number */
    record Maglev(int size, Hashing hashing) implements LbPolicy {}

    /**
     * @param byHostname an endpoint's hostname is its key, in place of its address; its own hash key stands over both
     * @param balancePercent of its fair share at which an endpoint hands on, see {@link io.sluice.gateway.cluster.lb.BoundedLoad}; 0 for never
     */
    record Hashing(boolean byHostname, long balancePercent) {}

    /** Whether the request's hash is asked for. */
    default boolean hashes() {
        return this instanceof RingHash || this instanceof Maglev;
    }
}
