package io.sluice.gateway.cluster.lb;

import java.util.List;
import java.util.function.IntSupplier;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Keeps an endpoint from more than a factor of its fair share of the requests under way: whoever is over it hands on to others, in an order that
 * the hash decides. Source: Envoy thread_aware_lb_impl.cc, BoundedLoadHashingLoadBalancer.
 */
public final class BoundedLoad implements HashBalancer {
    private final HashBalancer balancer;
    private final List<Share> shares;
    private final IntUnaryOperator active;
    private final IntSupplier allActive;
    private final long factorPercent;

    /**
     * @param active requests under way at an endpoint
     * @param allActive the same at the whole cluster
     * @param factorPercent at least 100
     */
    public BoundedLoad(
            HashBalancer balancer,
            List<Share> shares,
            IntUnaryOperator active,
            IntSupplier allActive,
            long factorPercent) {
        this.balancer = balancer;
        this.shares = List.copyOf(shares);
        this.active = active;
        this.allActive = allActive;
        this.factorPercent = factorPercent;
    }

    @Override
    public int choose(long hash, int attempt) {
        int wanted = balancer.choose(hash, attempt);
        if (wanted < 0) {
            return wanted;
        }
        double leastOverload = overload(wanted);
        if (leastOverload <= 1) {
            return wanted;
        }
        int best = wanted;
        int[] order = IntStream.range(0, shares.size()).toArray();
        MersenneTwister random = new MersenneTwister((int) hash);
        for (int i = 0; i < order.length; i++) {
            int j = i + random.below(order.length - i);
            int other = order[j];
            order[j] = order[i];
            order[i] = other;
            if (other == wanted) {
                continue;
            }
            double overload = overload(other);
            if (overload <= 1) {
                return other;
            }
            if (overload < leastOverload) {
                best = other;
                leastOverload = overload;
            }
        }
        return best;
    }

    private double overload(int endpoint) {
        long slots = ((allActive.getAsInt() + 1) * factorPercent + 99) / 100;
        double own = Math.max(1, Math.ceil(slots * shares.get(endpoint).weight()));
        return active.applyAsInt(endpoint) / own;
    }
}
