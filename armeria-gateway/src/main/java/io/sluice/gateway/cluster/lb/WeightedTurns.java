package io.sluice.gateway.cluster.lb;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Envoy's scheduler for weights that change from turn to turn or are no whole numbers: earliest deadline first, each next deadline one weight-th
 * later, the weight asked for at that moment. Begins with a few turns made already, so that many gateways do not begin in step. Source: Envoy
 * edf_scheduler.h.
 */
public final class WeightedTurns implements LoadBalancer {
    private final PriorityQueue<Due> queue =
            new PriorityQueue<>(Comparator.comparingDouble(Due::at).thenComparingLong(Due::order));
    private final IntToDoubleFunction weight;
    private double now;
    private long order;

    /**
     * @param size how many there are; those of weight 0 never get a turn
     * @param weight by index
     * @param skipped turns made already
     */
    public WeightedTurns(int size, IntToDoubleFunction weight, int skipped) {
        this.weight = weight;
        IntStream.range(0, size).forEach(this::queue);
        for (int i = 0; i < skipped && !queue.isEmpty(); i++) {
            next();
        }
    }

    public boolean isEmpty() {
        return queue.isEmpty();
    }

    @Override
    public synchronized int next() {
        Due due = queue.remove();
        now = due.at();
        queue(due.index());
        return due.index();
    }

    private void queue(int index) {
        double of = weight.applyAsDouble(index);
        if (of > 0) {
            queue.add(new Due(now + 1 / of, order++, index));
        }
    }

    private record Due(double at, long order, int index) {}
}
