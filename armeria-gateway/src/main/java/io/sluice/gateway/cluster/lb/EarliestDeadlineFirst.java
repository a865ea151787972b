package io.sluice.gateway.cluster.lb;

import java.util.PriorityQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntToDoubleFunction;

/**
 * Envoy's weighted choice: each endpoint is due again after 1/weight, the earliest is next, equal ones in the order in which they were
 * queued. Begins at a random place, so that many gateways do not begin in step.
 */
final class EarliestDeadlineFirst implements LoadBalancer {
    private final PriorityQueue<Due> queue = new PriorityQueue<>();
    private final IntToDoubleFunction weight;
    private double now;
    private long order;

    EarliestDeadlineFirst(Loads loads, IntToDoubleFunction weight) {
        this.weight = weight;
        for (int i = 0; i < loads.size(); i++) {
            queue.add(new Due(1 / weight.applyAsDouble(i), order++, i));
        }
        for (int skip = ThreadLocalRandom.current().nextInt(loads.size()); skip > 0; skip--) {
            next();
        }
    }

    @Override
    public synchronized int next() {
        Due due = queue.remove();
        now = due.at();
        queue.add(new Due(now + 1 / weight.applyAsDouble(due.index()), order++, due.index()));
        return due.index();
    }

    private record Due(double at, long order, int index) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            int byTime = Double.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }
}
