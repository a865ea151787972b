package io.sluice.gateway.cluster.lb;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntToDoubleFunction;
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

    /** Like {@link WeightedTurns}, from a random place. */
    public static LoadBalancer byWeight(LoadBalancer.Loads loads, IntToDoubleFunction weight) {
        return new WeightedTurns(loads.size(), weight, below(loads.size()));
    }

    /**
     * The least busy of a few at random; by weight over active requests where weights differ.
     *
     * @param choices 0 means all are looked at
     */
    public static LoadBalancer leastRequest(LoadBalancer.Loads loads, int choices, double bias) {
        return leastRequest(loads, choices, bias, LoadBalancers::below);
    }

    static LoadBalancer leastRequest(LoadBalancer.Loads loads, int choices, double bias, IntUnaryOperator random) {
        if (!sameWeights(loads)) {
            return bias == 1
                    ? new EarliestDeadlineFirst(loads, i -> loads.active(i) + 1, random)
                    : new WeightedTurns(
                            loads.size(), i -> leastRequestWeight(loads, i, bias), random.applyAsInt(loads.size()));
        }
        int size = loads.size();
        return choices == 0
                ? () -> leastOfAll(loads, random)
                : () -> {
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

    /** An endpoint's weight over a power of its active requests. */
    public static double leastRequestWeight(LoadBalancer.Loads loads, int index, double bias) {
        return loads.weight(index) / Math.pow(loads.active(index) + 1, bias);
    }

    /** One of those with the fewest requests, each with the same chance. */
    private static int leastOfAll(LoadBalancer.Loads loads, IntUnaryOperator random) {
        int best = 0;
        int equals = 1;
        for (int i = 1; i < loads.size(); i++) {
            if (loads.active(i) < loads.active(best)) {
                best = i;
                equals = 1;
            } else if (loads.active(i) == loads.active(best) && random.applyAsInt(++equals) == 0) {
                best = i;
            }
        }
        return best;
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
