package io.sluice.gateway.cluster;

/** How the next endpoint of a priority is chosen. */
public sealed interface LbPolicy {
    /** In turn; by earliest deadline first where weights differ. */
    record RoundRobin() implements LbPolicy {}

    /** The less busy of {@code choices} at random; by weight over active requests where weights differ. */
    record LeastRequest(int choices) implements LbPolicy {}

    /** Uniform, whatever the weights. */
    record Random() implements LbPolicy {}
}
