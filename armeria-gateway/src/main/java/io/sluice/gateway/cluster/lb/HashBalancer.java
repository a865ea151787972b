package io.sluice.gateway.cluster.lb;

/** Chooses the same endpoint for the same hash. Any thread. */
public interface HashBalancer {
    /**
     * @param attempt 0 first; higher where the caller did not want what it got
     * @return an index into the endpoints it was made for, or -1 where there are none
     */
    int choose(long hash, int attempt);

    /**
     * The endpoints a balancer is made for, in the order of their indices.
     *
     * @param key what the hashes of an endpoint are made of
     * @param weight its share; all shares together are 1
     */
    record Share(String key, double weight) {}
}
