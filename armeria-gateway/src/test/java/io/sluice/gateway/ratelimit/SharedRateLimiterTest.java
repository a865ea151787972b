package io.sluice.gateway.ratelimit;

import static io.sluice.gateway.ratelimit.Descriptor.entry;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** Engines over one ledger, in virtual time. */
class SharedRateLimiterTest {
    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final VirtualTime time = new VirtualTime();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final List<MoodyLedger> ways = new ArrayList<>();
    private final List<SharedRateLimiter> nodes = new ArrayList<>();
    private LimitTable table = LimitTable.SELF_DESCRIBED;

    private void start(int count) {
        var shared = new InMemoryLedger(time, count);
        for (int i = 0; i < count; i++) {
            var way = new MoodyLedger(shared, time);
            way.delayNanos = MILLI;
            ways.add(way);
            nodes.add(new SharedRateLimiter(
                    () -> table, way, LimiterPolicy.DEFAULT, time::nanos, time, () -> {}, metrics));
        }
    }

    private static Descriptor limit(String limit) {
        return Descriptor.of(entry("sluice_limit", limit), entry("sub", "alice"));
    }

    private CompletableFuture<Decision> spend(int node, Descriptor... descriptors) {
        return nodes.get(node).spend("sluice", List.of(descriptors), 1).toCompletableFuture();
    }

    private Decision decide(int node, Descriptor... descriptors) {
        CompletableFuture<Decision> decision = spend(node, descriptors);
        for (int i = 0; i < 100 && !decision.isDone(); i++) {
            time.advance(MILLI);
        }
        return decision.join();
    }

    private int admitted(int node, int tries, Descriptor... descriptors) {
        int admitted = 0;
        for (int i = 0; i < tries; i++) {
            if (decide(node, descriptors) instanceof Decision.Allowed) {
                admitted++;
            }
        }
        return admitted;
    }

    @Test
    void admitsAFreshBucketsBurstAndNothingMoreUntilItsWindowEnds() {
        start(2);
        assertThat(admitted(0, 6, limit("a:10/minute")) + admitted(1, 6, limit("a:10/minute")))
                .isEqualTo(10);
        time.advance(TimeUnit.SECONDS.toNanos(58));
        assertThat(admitted(1, 3, limit("a:10/minute"))).isZero();
        time.advance(TimeUnit.SECONDS.toNanos(2));
        assertThat(admitted(1, 12, limit("a:10/minute"))).isEqualTo(10);
    }

    @Test
    void saysWhenToComeBack() {
        start(1);
        admitted(0, 10, limit("a:10/minute"));
        time.advance(TimeUnit.SECONDS.toNanos(20));
        assertThat(decide(0, limit("a:10/minute")))
                .isInstanceOfSatisfying(
                        Decision.Limited.class,
                        limited -> assertThat(limited.retryAfter())
                                .isBetween(Duration.ofSeconds(39), Duration.ofSeconds(40)));
    }

    @Test
    void refusesFromMemoryWithoutAskingAgain() {
        start(1);
        admitted(0, 12, limit("a:10/minute"));
        int before = ways.get(0).questions;
        assertThat(admitted(0, 500, limit("a:10/minute"))).isZero();
        assertThat(ways.get(0).questions).isEqualTo(before);
    }

    @Test
    void asksOnceForAllWhoWait() {
        start(1);
        List<CompletableFuture<Decision>> decisions = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            decisions.add(spend(0, limit("a:10/minute")));
        }
        time.advance(20 * MILLI);
        assertThat(decisions).allMatch(CompletableFuture::isDone);
        assertThat(decisions.stream().map(CompletableFuture::join).filter(Decision.Allowed.class::isInstance))
                .hasSize(10);
        assertThat(ways.get(0).questions).isLessThanOrEqualTo(4);
    }

    @Test
    void leasesLargeLimitsAndLosesNoTokenByIt() {
        start(3);
        int admitted = 0;
        for (int i = 0; i < 4_000; i++) {
            admitted += admitted(i % 3, 1, limit("a:3000/hour"));
        }
        int asked = ways.stream().mapToInt(way -> way.questions).sum();
        assertThat(admitted).isBetween(3_000 - 3 * 50, 3_000);
        assertThat(asked).isLessThan(600);

        nodes.forEach(SharedRateLimiter::sweep);
        time.advance(TimeUnit.SECONDS.toNanos(2));
        nodes.forEach(SharedRateLimiter::sweep);
        time.advance(TimeUnit.SECONDS.toNanos(2));
        assertThat(admitted + admitted(0, 300, limit("a:3000/hour"))).isEqualTo(3_000);
    }

    @Test
    void givesTokensBackWhenAnotherDescriptorRefuses() {
        start(1);
        admitted(0, 1, limit("narrow:1/hour"));
        for (int i = 0; i < 20; i++) {
            assertThat(decide(0, limit("broad:5/hour"), limit("narrow:1/hour"))).isInstanceOf(Decision.Limited.class);
        }
        assertThat(admitted(0, 6, limit("broad:5/hour"))).isEqualTo(5);
    }

    @Test
    void admitsItsShareWhileTheLedgerIsSilentAndPaysItBack() {
        start(3);
        ways.forEach(way -> way.silent = true);
        assertThat(admitted(0, 10, limit("a:9/hour"))).isEqualTo(3);
        assertThat(admitted(1, 10, limit("a:9/hour"))).isEqualTo(3);
        ways.forEach(way -> way.silent = false);
        time.advance(TimeUnit.SECONDS.toNanos(3));
        nodes.forEach(SharedRateLimiter::sweep);
        time.advance(TimeUnit.SECONDS.toNanos(1));
        assertThat(admitted(0, 10, limit("a:9/hour")) + admitted(1, 10, limit("a:9/hour")))
                .isEqualTo(3);
    }

    @Test
    void countsWhatItAdmittedBeforeTheSilence() {
        start(3);
        assertThat(admitted(0, 2, limit("a:9/hour"))).isEqualTo(2);
        ways.get(0).silent = true;
        assertThat(admitted(0, 10, limit("a:9/hour"))).isEqualTo(1);
    }

    @Test
    void answersWithinItsDeadlineAndLeavesASilentPartitionAlone() {
        start(1);
        ways.get(0).silent = true;
        for (int i = 0; i < 200; i++) {
            CompletableFuture<Decision> decision = spend(0, limit("a" + i + ":100/hour"));
            time.advance(LimiterPolicy.DEFAULT.deadline().toNanos());
            assertThat(decision).isDone();
        }
        assertThat(ways.get(0).questions).isLessThan(3 + 200 * 5 / 250 + 2);
        assertThat(metrics.get("ratelimit.breaker.open.partitions").gauge().value())
                .isEqualTo(1);

        ways.get(0).silent = false;
        time.advance(TimeUnit.SECONDS.toNanos(1));
        decide(0, limit("b:100/hour"));
        assertThat(metrics.get("ratelimit.breaker.open.partitions").gauge().value())
                .isZero();
    }

    @Test
    void saysOnceThatTheBucketsAreSilentAndOnceThatTheyAnswerThoughNobodyAsks() {
        var logger = (Logger) LoggerFactory.getLogger(GuardedLedger.class);
        var said = new ListAppender<ILoggingEvent>();
        said.start();
        logger.setLevel(Level.INFO);
        logger.setAdditive(false);
        logger.addAppender(said);
        try {
            start(1);
            ways.get(0).silent = true;
            for (int i = 0; i < 20; i++) {
                decide(0, limit("a" + i + ":100/hour"));
                nodes.get(0).sweep();
            }
            ways.get(0).silent = false;
            time.advance(TimeUnit.SECONDS.toNanos(1));
            nodes.get(0).sweep();
            time.advance(TimeUnit.SECONDS.toNanos(1));
            nodes.get(0).sweep();
            assertThat(metrics.get("ratelimit.breaker.open.partitions").gauge().value())
                    .isZero();
        } finally {
            logger.detachAppender(said);
            logger.setAdditive(true);
            logger.setLevel(null);
        }
        assertThat(said.list)
                .extracting(ILoggingEvent::toString)
                .containsExactly(
                        "[WARN] limits decided without the shared buckets partition=0 reason=deadline",
                        "[INFO] shared buckets answer again");
    }

    @Test
    void decidesAtOnceWhenTheLedgerThrows() {
        start(1);
        ways.get(0).failing = true;
        assertThat(spend(0, limit("a:2/hour"))).isCompletedWithValueMatching(Decision.Allowed.class::isInstance);
    }

    @ParameterizedTest
    @EnumSource(LimitRule.FailurePolicy.class)
    void obeysTheLimitsFailurePolicy(LimitRule.FailurePolicy policy) {
        table = tableOf(new LimitRule(
                new Decision.Limit("", 10, LimitUnit.HOUR), LimitRule.Refill.ALIGNED_WINDOW, 1, false, false, policy));
        start(5);
        ways.forEach(way -> way.silent = true);
        List<Class<?>> kinds = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            CompletableFuture<Decision> decision = nodes.get(0)
                    .spend("edge", List.of(Descriptor.of(entry("k", "v"))), 1)
                    .toCompletableFuture();
            time.advance(10 * MILLI);
            kinds.add(decision.join().getClass());
        }
        Class<?> granted = Decision.Allowed.class;
        Class<?> refused = Decision.Limited.class;
        assertThat(kinds)
                .isEqualTo(
                        switch (policy) {
                            case LOCAL_SHARE -> List.of(granted, granted, refused);
                            case ALLOW -> List.of(granted, granted, granted);
                            case DENY -> List.of(refused, refused, refused);
                            case REPORT ->
                                List.of(Decision.Unknown.class, Decision.Unknown.class, Decision.Unknown.class);
                        });
    }

    private static LimitTable tableOf(LimitRule rule) {
        LimitTree.Node limited = new LimitTree.Node(Optional.of(rule), Map.of());
        LimitTree.Level level = new LimitTree.Level(Map.of(), List.of(), Optional.of(limited));
        return new LimitTable(Map.of("edge", new LimitTree(new LimitTree.Node(Optional.empty(), Map.of("k", level)))));
    }

    private int admittedByTable(int node, int tries) {
        int admitted = 0;
        for (int i = 0; i < tries; i++) {
            CompletableFuture<Decision> decision = nodes.get(node)
                    .spend("edge", List.of(Descriptor.of(entry("k", "v"))), 1)
                    .toCompletableFuture();
            time.advance(5 * MILLI);
            admitted += decision.join() instanceof Decision.Allowed ? 1 : 0;
        }
        return admitted;
    }

    private static LimitRule hourly(long requests, long version) {
        return new LimitRule(
                new Decision.Limit("", requests, LimitUnit.HOUR),
                LimitRule.Refill.ALIGNED_WINDOW,
                version,
                false,
                false,
                LimitRule.FailurePolicy.LOCAL_SHARE);
    }

    @ParameterizedTest(name = "10 spent of 20, then version {0} with {1}: {2} more")
    @CsvSource({"2, 40, 20", "2, 10, 5", "0, 1000, 10"})
    void takesOverANewerVersionOfALimitInProportion(long version, long requests, int more) {
        table = tableOf(hourly(20, 1));
        start(1);
        assertThat(admittedByTable(0, 10)).isEqualTo(10);
        table = tableOf(hourly(requests, version));
        assertThat(admittedByTable(0, 100)).isEqualTo(more);
    }

    @Test
    void refusesALimitOfZeroAndCountsNothingWithoutALimit() {
        start(1);
        assertThat(decide(0, limit("none:0/day"))).isInstanceOf(Decision.Limited.class);
        assertThat(decide(0, Descriptor.of(entry("k", "v")))).isInstanceOf(Decision.Allowed.class);
        assertThat(ways.get(0).questions).isZero();
    }

    @Test
    void onlyLooksForHitsOfZero() {
        start(1);
        Descriptor look = new Descriptor(limit("a:1/hour").entries(), null, 0);
        assertThat(decide(0, look)).isInstanceOf(Decision.Allowed.class);
        assertThat(decide(0, look)).isInstanceOf(Decision.Allowed.class);
        assertThat(decide(0, limit("a:1/hour"))).isInstanceOf(Decision.Allowed.class);
        assertThat(decide(0, look)).isInstanceOf(Decision.Limited.class);
    }

    @Test
    void keepsDescriptorsApartWhateverTheySay() {
        start(1);
        assertThat(decide(0, Descriptor.of(entry("sluice_limit", "x:1/day"), entry("a", "b:c"), entry("d", ""))))
                .isInstanceOf(Decision.Allowed.class);
        assertThat(decide(0, Descriptor.of(entry("sluice_limit", "x:1/day"), entry("a:b", "c"), entry("d", ""))))
                .isInstanceOf(Decision.Allowed.class);
        assertThat(decide(0, Descriptor.of(entry("sluice_limit", "x:1/day"), entry("a", "b:c"), entry("d", ""))))
                .isInstanceOf(Decision.Limited.class);
    }

    @Test
    void forgetsIdleBuckets() {
        start(1);
        for (int i = 0; i < 100; i++) {
            decide(0, limit("a" + i + ":10/second"));
        }
        assertThat(metrics.get("ratelimit.accounts").gauge().value()).isEqualTo(100);
        time.advance(TimeUnit.SECONDS.toNanos(30));
        nodes.get(0).sweep();
        assertThat(metrics.get("ratelimit.accounts").gauge().value()).isZero();
    }
}
