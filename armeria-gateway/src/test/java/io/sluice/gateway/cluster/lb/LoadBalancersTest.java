package io.sluice.gateway.cluster.lb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Source of the orders: Envoy 1.40 with one worker, asked through a listener; where it begins is random there too. */
class LoadBalancersTest {
    private static final class Loads implements LoadBalancer.Loads {
        private final int[] weights;
        private final int[] requests;

        private Loads(int[] weights) {
            this.weights = weights;
            requests = new int[weights.length];
        }

        static Loads of(String weights) {
            return new Loads(
                    Stream.of(weights.split(" ")).mapToInt(Integer::parseInt).toArray());
        }

        void busy(int index, int active) {
            requests[index] = active;
        }

        @Override
        public int size() {
            return weights.length;
        }

        @Override
        public int weight(int index) {
            return weights[index];
        }

        @Override
        public int active(int index) {
            return requests[index];
        }
    }

    @ParameterizedTest(name = "{0}: {1}, over and over")
    @CsvSource(delimiter = '|', textBlock = """
        3 1 1   | AAABC
        5 3 2   | ABACBAABAC
        7 1     | BAAAAAAA
        4 2 2 1 | AABCAADBC
        1 1 1   | ABC
        2 2     | AB
        9       | A
        """)
    void takesTurnsInEnvoysOrder(String weights, String period) {
        Loads loads = Loads.of(weights);
        String twoPeriods = period + period;
        for (int start = 0; start < period.length(); start++) {
            int first = start;
            LoadBalancer balancer = LoadBalancers.roundRobin(loads, bound -> first % bound);
            String order = next(balancer, 3 * period.length());
            assertThat(twoPeriods.repeat(2)).as("from %d", start).contains(order);
        }
    }

    @Test
    void beginsAtARandomPlace() {
        Loads loads = Loads.of("3 1 1");
        assertThat(Stream.of(0, 1, 2, 3, 4).map(start -> next(LoadBalancers.roundRobin(loads, bound -> start), 5)))
                .contains("AABCA", "ABCAA", "BCAAA");
        assertThat(next(LoadBalancers.roundRobin(Loads.of("1 1 1"), bound -> 1), 1))
                .isEqualTo("B");
    }

    @Test
    void givesIdleEndpointsTheirWeightUnderLeastRequest() {
        LoadBalancer balancer = LoadBalancers.leastRequest(Loads.of("3 1 1"), 2, 1, bound -> 0);
        assertThat("AAABC".repeat(4)).contains(next(balancer, 10));
    }

    /** Envoy: weight / (active + 1), read when an endpoint is queued again. */
    @Test
    void givesBusyEndpointsLessThanTheirWeight() {
        Loads loads = Loads.of("3 1");
        LoadBalancer balancer = LoadBalancers.leastRequest(loads, 2, 1, bound -> 0);
        next(balancer, 4);
        loads.busy(0, 5); // 3 / 6 against 1 / 1
        next(balancer, 4);
        assertThat(spread(balancer, 2, 3_000)).containsExactly(1_000, 2_000);
    }

    @ParameterizedTest(name = "{0} choices: {1}")
    @CsvSource({"1, 0.3333", "2, 0.5556", "3, 0.7037"})
    void prefersTheLeastBusyOfAFew(int choices, double expected) {
        Loads loads = Loads.of("1 1 1");
        loads.busy(0, 1);
        loads.busy(1, 5);
        loads.busy(2, 5);
        LoadBalancer balancer = LoadBalancers.leastRequest(loads, choices, 1, seeded());
        assertThat(spread(balancer, 3, 30_000)[0] / 30_000.0).isCloseTo(expected, within(0.01));
    }

    @Test
    void followsTheLoadAsItChanges() {
        Loads loads = Loads.of("1 1");
        LoadBalancer balancer = LoadBalancers.leastRequest(loads, 50, 1, seeded());
        loads.busy(1, 1);
        assertThat(next(balancer, 20)).isEqualTo("A".repeat(20));
        loads.busy(0, 2);
        assertThat(next(balancer, 20)).isEqualTo("B".repeat(20));
    }

    @Test
    void choosesAtRandomWhateverTheWeights() {
        int[] spread = spread(LoadBalancers.random(Loads.of("9 1 1"), seeded()), 3, 30_000);
        for (int count : spread) {
            assertThat(count).isCloseTo(10_000, within(300));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"3 1 1", "1 1 1", "100 1 7 7"})
    void keepsTheSpreadWithManyThreads(String weights) throws InterruptedException {
        Loads loads = Loads.of(weights);
        LoadBalancer balancer = LoadBalancers.roundRobin(loads, seeded());
        int total = Stream.of(weights.split(" ")).mapToInt(Integer::parseInt).sum();
        int threads = 4;
        int perThread = total * 50;
        var counts = new AtomicIntegerArray(loads.size());
        var started = new CountDownLatch(threads);
        var workers = Stream.generate(() -> Thread.ofPlatform().start(() -> {
                    started.countDown();
                    for (int i = 0; i < perThread; i++) {
                        counts.incrementAndGet(balancer.next());
                    }
                }))
                .limit(threads)
                .toList();
        started.await();
        for (Thread worker : workers) {
            worker.join();
        }
        for (int i = 0; i < loads.size(); i++) {
            // A whole number of periods, give or take where the first one began.
            assertThat(counts.get(i)).isCloseTo(threads * 50 * loads.weight(i), within(1));
        }
    }

    private static IntUnaryOperator seeded() {
        return new Random(7)::nextInt;
    }

    private static String next(LoadBalancer balancer, int count) {
        var out = new StringBuilder();
        for (int i = 0; i < count; i++) {
            out.append((char) ('A' + balancer.next()));
        }
        return out.toString();
    }

    private static int[] spread(LoadBalancer balancer, int size, int picks) {
        int[] counts = new int[size];
        for (int i = 0; i < picks; i++) {
            counts[balancer.next()]++;
        }
        return counts;
    }
}
