package io.sluice.gateway.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.ratelimit.LimitRule.FailurePolicy;
import io.sluice.gateway.ratelimit.LimitRule.Refill;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** Random traffic on several nodes over one ledger, in virtual time: never more than the bound of docs/ratelimits.md. */
class AdmissionBoundTest {
    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long UNIT = LimitUnit.MINUTE.length().toNanos();
    private static final int STEPS = 1_500;

    private VirtualTime time = new VirtualTime();
    private final List<MoodyLedger> ways = new ArrayList<>();
    private final List<SharedRateLimiter> nodes = new ArrayList<>();
    private final List<Long> admittedAt = new ArrayList<>();

    private void start(int count, long requests) {
        // One object serves all tries of a property.
        time = new VirtualTime();
        ways.clear();
        nodes.clear();
        admittedAt.clear();
        var shared = new InMemoryLedger(time, count);
        LimitTable table = table(requests);
        for (int i = 0; i < count; i++) {
            var way = new MoodyLedger(shared, time);
            ways.add(way);
            nodes.add(new SharedRateLimiter(
                    () -> table, way, LimiterPolicy.DEFAULT, time::nanos, time, () -> {}, new SimpleMeterRegistry()));
        }
    }

    /** {@code k=v} with the limit in question, and {@code narrow=v}, which often refuses beside it. */
    private static LimitTable table(long requests) {
        return new LimitTable(Map.of(
                "edge",
                new LimitTree(new LimitTree.Node(
                        Optional.empty(), Map.of("k", level(requests), "narrow", level(Math.max(1, requests / 4)))))));
    }

    private static LimitTree.Level level(long requests) {
        var rule = new LimitRule(
                new Decision.Limit("", requests, LimitUnit.MINUTE),
                Refill.ALIGNED_WINDOW,
                0,
                false,
                false,
                FailurePolicy.LOCAL_SHARE);
        return new LimitTree.Level(Map.of(), List.of(), Optional.of(new LimitTree.Node(Optional.of(rule), Map.of())));
    }

    private void spend(int node, long hits, boolean both) {
        Descriptor broad = Descriptor.of(Descriptor.entry("k", "v"));
        Descriptor narrow = Descriptor.of(Descriptor.entry("narrow", "v"));
        nodes.get(node)
                .spend("edge", both ? List.of(broad, narrow) : List.of(broad), hits)
                .thenAccept(decision -> {
                    if (decision instanceof Decision.Allowed) {
                        for (long i = 0; i < hits; i++) {
                            admittedAt.add(time.nanos());
                        }
                    }
                });
    }

    /** What is asked just before a window ends may be answered just after: those few milliseconds see no traffic. */
    private void leaveTheEdgeOfTheWindow() {
        long left = UNIT - time.nanos() % UNIT;
        if (left < 100 * MILLI) {
            time.advance(left);
        }
    }

    private void traffic(Random random) {
        for (int step = 0; step < STEPS; step++) {
            leaveTheEdgeOfTheWindow();
            int node = random.nextInt(nodes.size());
            int kind = random.nextInt(100);
            if (kind < 70) {
                spend(node, 1 + (random.nextInt(20) == 0 ? random.nextInt(5) : 0), random.nextInt(4) == 0);
            } else if (kind < 97) {
                time.advance(random.nextInt(10) * MILLI);
            } else if (kind < 99) {
                nodes.forEach(SharedRateLimiter::sweep);
            } else {
                time.advance(random.nextInt(8_000) * MILLI);
            }
        }
        time.advance(100 * MILLI);
    }

    private Map<Long, Long> perWindow() {
        return admittedAt.stream().collect(Collectors.groupingBy(at -> at / UNIT, Collectors.counting()));
    }

    @Property(tries = 1500)
    void neverAdmitsMoreThanTheLimitWhileTheLedgerAnswers(
            @ForAll @IntRange(min = 1, max = 4) int count,
            @ForAll @LongRange(min = 1, max = 600) long requests,
            @ForAll long seed) {
        start(count, requests);
        var random = new Random(seed);
        for (MoodyLedger way : ways) {
            way.delayNanos = random.nextInt(5) * MILLI;
        }
        traffic(random);
        assertThat(perWindow().values()).allMatch(admitted -> admitted <= requests);
    }

    @Property(tries = 1500)
    void admitsAtMostTheSharesOnTopWhileItDoesNot(
            @ForAll @IntRange(min = 1, max = 4) int count,
            @ForAll @LongRange(min = 1, max = 600) long requests,
            @ForAll long seed) {
        start(count, requests);
        var random = new Random(seed);
        for (int spell = 0; spell < 6; spell++) {
            for (MoodyLedger way : ways) {
                way.delayNanos = random.nextInt(40) * MILLI;
                way.silent = random.nextInt(3) == 0;
                way.failing = random.nextInt(5) == 0;
            }
            traffic(random);
        }
        long share = Math.max(1, requests / count);
        assertThat(perWindow().values()).allMatch(admitted -> admitted <= requests + 2L * count * share);
    }

    @Property(tries = 15)
    void letsEveryTokenBeSpentByWhoeverAsksLast(
            @ForAll @IntRange(min = 2, max = 4) int count,
            @ForAll @LongRange(min = 1, max = 600) long requests,
            @ForAll long seed) {
        start(count, requests);
        var random = new Random(seed);
        time.advance(UNIT - time.nanos() % UNIT);
        for (int i = 0; i < requests * 2; i++) {
            spend(random.nextInt(count), 1, false);
            time.advance(MILLI / 4);
        }
        for (int i = 0; i < 40; i++) {
            nodes.forEach(SharedRateLimiter::sweep);
            time.advance(250 * MILLI);
            for (int tries = 0; tries < 50; tries++) {
                spend(count - 1, 1, false);
            }
        }
        assertThat(admittedAt).hasSize((int) requests);
    }
}
