package io.sluice.gateway.cluster.lb;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** The balancers behind the policies. */
public final class LoadBalancers {
    private LoadBalancers() {}

    /** In turn from a random start; by deadline where weights differ. */
    public static LoadBalancer roundRobin(LoadBalancer.Loads loads) {
        if (!sameWeights(loads)) {
            return new EarliestDeadlineFirst(loads, loads::weight);
        }
        AtomicInteger turn = new AtomicInteger(ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));
        int size = loads.size();
        return () -> Math.floorMod(turn.getAndIncrement(), size);
    }

    /** The least busy of a few at random; by weight over active requests where weights differ. */
    public static LoadBalancer leastRequest(LoadBalancer.Loads loads, int choices) {
        if (!sameWeights(loads)) {
            return new EarliestDeadlineFirst(loads, i -> (double) loads.weight(i) / (loads.active(i) + 1));
        }
        int size = loads.size();
        return () -> {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            int best = random.nextInt(size);
            for (int i = 1; i < choices; i++) {
                int other = random.nextInt(size);
                if (loads.active(other) < loads.active(best)) {
                    best = other;
                }
            }
            return best;
        };
    }

    public static LoadBalancer random(LoadBalancer.Loads loads) {
        int size = loads.size();
        return () -> ThreadLocalRandom.current().nextInt(size);
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
