package io.sluice.gateway.cluster.lb;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;

/** The balancers behind the policies. */
public final class LoadBalancers {
    private LoadBalancers() {}

    /** In turn from a random start; by deadline where weights differ. */
    public static LoadBalancer roundRobin(LoadBalancer.Loads loads) {
        return roundRobin(loads, LoadBalancers::below);
    }

    /** @param random below its argument, at least 0; any thread */
    static LoadBalancer roundRobin(LoadBalancer.Loads loads, IntUnaryOperator random) {
        if (!sameWeights(loads)) {
            return new EarliestDeadlineFirst(loads, i -> 1, random);
        }
        AtomicInteger turn = new AtomicInteger(random.applyAsInt(Integer.MAX_VALUE));
        int size = loads.size();
        return () -> Math.floorMod(turn.getAndIncrement(), size);
    }

    /** The least busy of a few at random; by weight over active requests where weights differ. */
    public static LoadBalancer leastRequest(LoadBalancer.Loads loads, int choices) {
        return leastRequest(loads, choices, LoadBalancers::below);
    }

    static LoadBalancer leastRequest(LoadBalancer.Loads loads, int choices, IntUnaryOperator random) {
        if (!sameWeights(loads)) {
            return new EarliestDeadlineFirst(loads, i -> loads.active(i) + 1, random);
        }
        int size = loads.size();
        return () -> {
            int best = random.applyAsInt(size);
            for (int i = 1; i < choices; i++) {
                int other = random.applyAsInt(size);
                if (loads.active(other) < loads.active(best)) {
                    best = other;
                }
            }
            return best;
        };
    }

    public static LoadBalancer random(LoadBalancer.Loads loads) {
        return random(loads, LoadBalancers::below);
    }

    static LoadBalancer random(LoadBalancer.Loads loads, IntUnaryOperator random) {
        int size = loads.size();
        return () -> random.applyAsInt(size);
    }

    private static int below(int bound) {
        return ThreadLocalRandom.current().nextInt(bound);
    }

    private static boolean sameWeights(LoadBalancer.Loads loads) {
        for (int i = 1; i < loads.size(); i++) {
            if (loads.weight(i) != loads.weight(0)) {
                return false;
            }
        }
        return true;
    }
}
