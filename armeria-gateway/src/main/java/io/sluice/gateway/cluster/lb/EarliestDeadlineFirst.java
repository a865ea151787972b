package io.sluice.gateway.cluster.lb;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Envoy's weighted choice: each endpoint is due again after a step of 1/weight, the earliest is next, equal ones in the order in which they
 * were queued. Begins at a random place of the round, so that many gateways do not begin in step. Time is kept in fractions: sums of
 * rounded numbers would change the order of equal ones from round to round.
 */
final class EarliestDeadlineFirst implements LoadBalancer {
    private final PriorityQueue<Due> queue = new PriorityQueue<>();
    private final Loads loads;
    private final IntUnaryOperator steps;
    private long order;

    /**
     * @param steps by how many times 1/weight an endpoint is due later
     * @param random below its argument, at least 0
     */
    EarliestDeadlineFirst(Loads loads, IntUnaryOperator steps, IntUnaryOperator random) {
        this.loads = loads;
        this.steps = steps;
        long round = IntStream.range(0, loads.size()).mapToLong(loads::weight).sum();
        long begin = random.applyAsInt((int) Math.min(round, Integer.MAX_VALUE));
        IntStream.range(0, loads.size())
                .mapToObj(i -> last(i, begin, round))
                .sorted(Comparator.comparing(Last::at).thenComparingInt(Last::index))
                .forEach(last -> queue(last.at(), last.index()));
    }

    /** As though {@code begin} of the round's choices had been made. */
    private Last last(int index, long begin, long round) {
        long weight = loads.weight(index);
        long step = steps.applyAsInt(index);
        return new Last(new Time(0, begin * weight / (round * step) * step, weight), index);
    }

    @Override
    public synchronized int next() {
        Due due = queue.remove();
        queue(due.at(), due.index());
        return due.index();
    }

    private void queue(Time last, int index) {
        queue.add(new Due(last.plus(steps.applyAsInt(index)), order++, index));
    }

    /** {@code whole + part / weight}. */
    private record Time(long whole, long part, long weight) implements Comparable<Time> {
        Time {
            whole += part / weight;
            part %= weight;
        }

        Time plus(long parts) {
            return new Time(whole, part + parts, weight);
        }

        @Override
        public int compareTo(Time other) {
            int byWhole = Long.compare(whole, other.whole);
            return byWhole != 0 ? byWhole : Long.compare(part * other.weight, other.part * weight);
        }
    }

    /** When an endpoint was chosen last. */
    private record Last(Time at, int index) {}

    private record Due(Time at, long order, int index) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            int byTime = at.compareTo(other.at);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }
}
