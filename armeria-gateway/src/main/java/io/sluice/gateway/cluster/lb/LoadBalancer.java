package io.sluice.gateway.cluster.lb;

/** Chooses one of a fixed number of endpoints. Any thread. */
public interface LoadBalancer {
    /** @return an index below {@link Loads#size()}; the size is at least 1 */
    int next();

    /** The endpoints a balancer was made for, by index. */
    interface Loads {
        int size();

        int weight(int index);

        /** Requests under way. */
        int active(int index);
    }
}
