package io.sluice.gateway.ratelimit;

import com.google.common.util.concurrent.ThreadFactoryBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.ratelimit.Decision.Status;
import io.sluice.gateway.ratelimit.Verdict.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The one limit engine: keeps an {@link Account} per bucket in front of a {@link BucketLedger} that all nodes share. While the ledger
 * answers, all nodes together admit no more than the bucket gives; docs/ratelimits.md has the bound for when it does not.
 *
 * <p>The buckets of one call are spent from all or not at all: where one refuses, the others get their tokens back.
 */
public final class SharedRateLimiter implements RateLimiter, AutoCloseable {
    /** What {@code remaining} says where nothing is counted. */
    static final long UNLIMITED = 0xFFFF_FFFFL;

    private static final Duration SWEEP_EVERY = Duration.ofMillis(250);

    private final Supplier<LimitTable> limits;
    private final LimiterPolicy policy;
    private final GuardedLedger ledger;
    private final LongSupplier clock;
    private final Map<BucketKey, Account> accounts = new ConcurrentHashMap<>();
    private final LimiterMetrics metrics;
    private final Runnable stopTimer;

    SharedRateLimiter(
            Supplier<LimitTable> limits,
            BucketLedger ledger,
            LimiterPolicy policy,
            LongSupplier clock,
            Alarm alarm,
            Runnable stopTimer,
            MeterRegistry metrics) {
        this.limits = limits;
        this.policy = policy;
        this.clock = clock;
        this.stopTimer = stopTimer;
        this.ledger = new GuardedLedger(ledger, policy, clock, alarm, metrics);
        this.metrics = new LimiterMetrics(metrics, accounts);
    }

    /**
     * @param limits asked at each call
     * @param ledger stays its creator's to close
     */
    public static SharedRateLimiter start(
            Supplier<LimitTable> limits, BucketLedger ledger, LimiterPolicy policy, MeterRegistry metrics) {
        var timer = new ScheduledThreadPoolExecutor(
                1,
                new ThreadFactoryBuilder()
                        .setNameFormat("ratelimit-timer")
                        .setDaemon(true)
                        .build());
        timer.setRemoveOnCancelPolicy(true);
        var limiter = new SharedRateLimiter(
                limits, ledger, policy, System::nanoTime, Alarm.on(timer), timer::shutdownNow, metrics);
        timer.scheduleWithFixedDelay(
                limiter::sweep, SWEEP_EVERY.toMillis(), SWEEP_EVERY.toMillis(), TimeUnit.MILLISECONDS);
        return limiter;
    }

    @Override
    public CompletionStage<Decision> spend(String domain, List<Descriptor> descriptors, long hits) {
        LimitTable table = limits.get();
        var rules = new ArrayList<Optional<LimitRule>>(descriptors.size());
        try {
            for (Descriptor descriptor : descriptors) {
                rules.add(table.find(domain, descriptor));
            }
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedStage(new Decision.Unknown(String.valueOf(e.getMessage())));
        }
        var charges = new ArrayList<Charge>(descriptors.size());
        for (int i = 0; i < descriptors.size(); i++) {
            if (rules.get(i).isEmpty()) {
                charges.add(new Charge.Uncounted(new Status(false, null, 0, Duration.ZERO)));
            } else {
                charges.add(charge(domain, descriptors.get(i), rules.get(i).get(), hits));
            }
        }
        CompletableFuture<?>[] pending = charges.stream()
                .filter(charge -> !charge.isDone())
                .map(charge -> ((Charge.Counted) charge).verdict())
                .toArray(CompletableFuture[]::new);
        return pending.length == 0
                ? CompletableFuture.completedStage(decide(domain, charges))
                : CompletableFuture.allOf(pending).thenApply(done -> decide(domain, charges));
    }

    private Charge charge(String domain, Descriptor descriptor, LimitRule rule, long requestHits) {
        if (rule.unlimited()) {
            return new Charge.Uncounted(new Status(false, null, UNLIMITED, Duration.ZERO));
        }
        if (rule.capacity() == 0) {
            return new Charge.Uncounted(
                    new Status(true, rule.limit(), 0, rule.limit().unit().length()));
        }
        long hits = descriptor.hits() >= 0 ? descriptor.hits() : requestHits;
        long overridden = descriptor.limitOverride() == null ? 0 : rule.capacity();
        BucketKey key = BucketKey.of(domain, descriptor.entries(), rule.limit().unit(), overridden);
        Account account = account(key, rule);
        return new Charge.Counted(rule, account, hits, account.spend(rule, hits));
    }

    private Account account(BucketKey key, LimitRule rule) {
        Account account = accounts.get(key);
        if (account != null) {
            return account;
        }
        account = new Account(key, rule, ledger, policy, clock);
        if (accounts.size() >= policy.maxAccounts()) {
            return account;
        }
        Account raced = accounts.putIfAbsent(key, account);
        return raced == null ? account : raced;
    }

    private Decision decide(String domain, List<Charge> charges) {
        var statuses = new ArrayList<Status>(charges.size());
        Duration retryAfter = Duration.ZERO;
        boolean over = false;
        boolean unknown = false;
        for (Charge charge : charges) {
            Status status = charge.status();
            statuses.add(status);
            Duration wait = status.untilReset();
            if (charge instanceof Charge.Counted counted) {
                metrics.decided(domain, counted);
                unknown |= counted.said().answer() == Answer.UNKNOWN;
                wait = Duration.ofNanos(counted.said().retryNanos());
            }
            if (status.over()) {
                over = true;
                retryAfter = wait.compareTo(retryAfter) > 0 ? wait : retryAfter;
            }
        }
        if (!over && !unknown) {
            return new Decision.Allowed(statuses);
        }
        for (Charge charge : charges) {
            if (charge instanceof Charge.Counted counted) {
                counted.refund();
            }
        }
        return over ? new Decision.Limited(retryAfter, statuses) : new Decision.Unknown("shared buckets do not answer");
    }

    void sweep() {
        ledger.probe();
        accounts.forEach((key, account) -> {
            if (account.sweep()) {
                accounts.remove(key, account);
            }
        });
    }

    /** Ends the timer; calls under way may stay without an answer. */
    @Override
    public void close() {
        stopTimer.run();
    }
}
