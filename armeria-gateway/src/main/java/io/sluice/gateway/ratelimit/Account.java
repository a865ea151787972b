package io.sluice.gateway.ratelimit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.sluice.gateway.ratelimit.Verdict.Answer;
import io.sluice.gateway.ratelimit.Verdict.Source;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What this node knows of one bucket, and who waits for it. At most one question to the ledger is under way per account: those who come
 * meanwhile are asked for together. Tokens are always taken from the ledger before they are spent, and what is left of them dies with the
 * bucket's window at the latest, so an account never admits what the bucket did not give.
 *
 * <p>Times are nanoseconds of the engine's clock. What an answer says of the future counts from the moment of the question, so it is never
 * believed longer than true.
 */
final class Account {
    /** A refused question is asked again for what the bucket still has, so often. */
    private static final int MAX_RETAKES = 2;

    /** A lease is renewed when this part of it is left. */
    private static final int PREFETCH_PART = 4;

    /** Leases double while they are used up faster than this, and shrink when they last four times as long. */
    private static final long LEASE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Tokens are given back only to a window that lasts longer than a slow answer. */
    private static final long GIVE_BACK_MARGIN = TimeUnit.SECONDS.toNanos(1);

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final BucketKey key;
    private final GuardedLedger ledger;
    private final LimiterPolicy policy;
    private final LongSupplier clock;

    @GuardedBy("this")
    private final Deque<Waiter> waiting = new ArrayDeque<>();

    @GuardedBy("this")
    private LimitRule rule;

    /** Taken from the ledger, not spent. */
    @GuardedBy("this")
    private long tokens;

    @GuardedBy("this")
    private long tokensUntil;

    /** Not spent in time; the ledger may have them back. */
    @GuardedBy("this")
    private long lapsed;

    /** The bucket is known to be empty until then. */
    @GuardedBy("this")
    private long emptyUntil;

    @GuardedBy("this")
    private long remaining;

    @GuardedBy("this")
    private long refillAt;

    @GuardedBy("this")
    private long resetAt;

    @GuardedBy("this")
    private long chunk = 1;

    @GuardedBy("this")
    private @Nullable Question question;

    @GuardedBy("this")
    private long lastAskedAt;

    @GuardedBy("this")
    private long windowEnd;

    @GuardedBy("this")
    private long admittedInWindow;

    /** Admitted by the failure policy without a token; paid before anybody else is served. */
    @GuardedBy("this")
    private long debt;

    @GuardedBy("this")
    private long touchedAt;

    Account(BucketKey key, LimitRule rule, GuardedLedger ledger, LimiterPolicy policy, LongSupplier clock) {
        this.key = key;
        this.rule = rule;
        this.ledger = ledger;
        this.policy = policy;
        this.clock = clock;
        long now = clock.getAsLong();
        tokensUntil = now;
        emptyUntil = now;
        refillAt = now;
        resetAt = now;
        windowEnd = now;
        touchedAt = now;
        lastAskedAt = now - 4 * LEASE_NANOS;
    }

    private record Waiter(long hits, CompletableFuture<Verdict> verdict) {}

    private record Answered(Waiter waiter, Verdict verdict) {}

    /** @param hits 0 only looks */
    CompletableFuture<Verdict> spend(LimitRule current, long hits) {
        Question next;
        CompletableFuture<Verdict> result;
        synchronized (this) {
            long now = clock.getAsLong();
            touchedAt = now;
            adopt(current, now);
            forget(now);
            Verdict known = known(hits, now);
            if (known != null) {
                result = CompletableFuture.completedFuture(known);
                next = renewal(now);
            } else {
                var waiter = new Waiter(hits, new CompletableFuture<>());
                waiting.add(waiter);
                result = waiter.verdict();
                next = question == null ? newQuestion(now) : null;
            }
        }
        if (next != null) {
            next.ask();
        }
        return result;
    }

    /** Takes a grant back, as another bucket of the same request refused. */
    synchronized void refund(Verdict granted, long hits) {
        long now = clock.getAsLong();
        if (granted.source() == Source.FALLBACK) {
            admittedInWindow = Math.max(0, admittedInWindow - hits);
            debt = Math.max(0, debt - hits);
        } else if (now - granted.refundUntil() < 0) {
            admittedInWindow = Math.max(0, admittedInWindow - hits);
            forget(now);
            if (tokens == 0) {
                tokensUntil = earlier(now + policy.memory().toNanos(), granted.refundUntil());
            }
            tokens += hits;
        }
    }

    /** Gives lapsed tokens back and pays debts. @return whether nothing is lost when the account is forgotten */
    boolean sweep() {
        long back;
        boolean idle;
        LimitRule of;
        Question payment = null;
        synchronized (this) {
            long now = clock.getAsLong();
            forget(now);
            boolean inWindow = rule.refill() == LimitRule.Refill.SMOOTH || resetAt - now > GIVE_BACK_MARGIN;
            back = inWindow ? lapsed : 0;
            lapsed = 0;
            of = rule;
            if (debt > 0 && question == null && now - emptyUntil >= 0 && ledger.mayAsk(key)) {
                payment = newQuestion(now);
            }
            idle = waiting.isEmpty()
                    && question == null
                    && tokens == 0
                    && now - emptyUntil >= 0
                    && now - touchedAt > IDLE_NANOS;
        }
        if (back > 0) {
            ledger.giveBack(key, of, back);
        }
        if (payment != null) {
            payment.ask();
        }
        return idle;
    }

    @GuardedBy("this")
    private void adopt(LimitRule current, long now) {
        if (current.version() > rule.version()) {
            emptyUntil = now;
        }
        if (current.version() >= rule.version()) {
            rule = current;
        }
    }

    @GuardedBy("this")
    private void forget(long now) {
        if (tokens > 0 && now - tokensUntil >= 0) {
            lapsed += tokens;
            tokens = 0;
        }
        Question asked = question;
        if (asked != null
                && asked.late
                && now - asked.startedAt > policy.memory().toNanos()) {
            question = null;
        }
    }

    /** Null where the ledger must be asked. */
    @GuardedBy("this")
    private @Nullable Verdict known(long hits, long now) {
        if (hits > rule.capacity()) {
            return verdict(Answer.OVER, Source.LOCAL, now);
        }
        if (waiting.isEmpty() && tokens > 0 && tokens >= hits) {
            return grant(hits, Source.LOCAL, now);
        }
        if (now - emptyUntil < 0 && tokens < Math.max(hits, 1)) {
            return verdict(Answer.OVER, Source.LOCAL, now);
        }
        Question asked = question;
        boolean silent = asked == null ? !ledger.mayAsk(key) : asked.late;
        return silent ? fallback(hits, now) : null;
    }

    @GuardedBy("this")
    private Verdict grant(long hits, Source source, long now) {
        tokens -= hits;
        admit(hits, now);
        return verdict(Answer.GRANTED, source, now);
    }

    @GuardedBy("this")
    private void admit(long hits, long now) {
        if (now - windowEnd >= 0) {
            admittedInWindow = 0;
            debt = 0;
            windowEnd = resetAt - now > 0 ? resetAt : now + rule.unitNanos();
        }
        admittedInWindow += hits;
    }

    @GuardedBy("this")
    private Verdict verdict(Answer answer, Source source, long now) {
        long retry = 0;
        if (answer == Answer.OVER) {
            retry = refillAt - now > 0 ? refillAt - now : rule.unitNanos();
        }
        return new Verdict(answer, remaining + tokens, retry, Math.max(resetAt - now, 0), source, resetAt);
    }

    @GuardedBy("this")
    private Verdict fallback(long hits, long now) {
        admit(0, now);
        long share = Math.max(1, rule.capacity() / ledger.nodes());
        long left = windowEnd - now;
        Answer answer = switch (rule.onFailure()) {
            case LOCAL_SHARE -> admittedInWindow + hits <= share ? Answer.GRANTED : Answer.OVER;
            case ALLOW -> Answer.GRANTED;
            case DENY -> Answer.OVER;
            case REPORT -> Answer.UNKNOWN;
        };
        if (answer == Answer.GRANTED) {
            admittedInWindow += hits;
            debt = Math.min(debt + hits, rule.capacity());
        }
        long rest = Math.max(0, share - admittedInWindow);
        return new Verdict(answer, rest, answer == Answer.OVER ? left : 0, left, Source.FALLBACK, now);
    }

    /** A question that nobody waits for, so that the next caller need not. */
    @GuardedBy("this")
    private @Nullable Question renewal(long now) {
        boolean low = chunk >= 2 * PREFETCH_PART && tokens * PREFETCH_PART <= chunk;
        return low && question == null && now - emptyUntil >= 0 && ledger.mayAsk(key) ? newQuestion(now) : null;
    }

    @GuardedBy("this")
    private Question newQuestion(long now) {
        long most = (long) (policy.leasePart() * rule.capacity() / ledger.nodes());
        long since = now - lastAskedAt;
        if (since < LEASE_NANOS) {
            chunk *= 2;
        } else if (since > 4 * LEASE_NANOS) {
            chunk /= 2;
        }
        chunk = Math.max(1, Math.min(chunk, most));
        lastAskedAt = now;
        long demand = 0;
        for (Waiter waiter : waiting) {
            demand += waiter.hits();
        }
        long lease = chunk > 1 ? chunk : 0;
        long wanted = Math.max(0, Math.min(Math.max(demand, lease) + debt - tokens, rule.capacity()));
        var next = new Question(wanted, waiting.size(), now, 0);
        question = next;
        return next;
    }

    private static long earlier(long a, long b) {
        return a - b < 0 ? a : b;
    }

    /** One question to the ledger; its answer may come when nobody expects it any more. */
    private final class Question implements GuardedLedger.Listener {
        private final long wanted;
        /** How many of those waiting the question was asked for. */
        private final int covers;

        private final long startedAt;
        private final int retakes;
        private boolean late;

        Question(long wanted, int covers, long startedAt, int retakes) {
            this.wanted = wanted;
            this.covers = covers;
            this.startedAt = startedAt;
            this.retakes = retakes;
        }

        void ask() {
            LimitRule of;
            synchronized (Account.this) {
                of = rule;
            }
            ledger.take(key, of, wanted, this);
        }

        @Override
        public void onTaken(BucketLedger.Taken taken) {
            var answered = new ArrayList<Answered>();
            Question next = null;
            synchronized (Account.this) {
                long now = clock.getAsLong();
                note(taken);
                serve(answered, now);
                if (question == this) {
                    question = null;
                    if (!taken.taken()) {
                        next = retake(taken.remaining(), answered, now);
                    }
                    if (next == null && !waiting.isEmpty()) {
                        next = goOn(answered, now);
                    }
                }
                forget(now);
            }
            finish(answered, next);
        }

        @Override
        public void onFailed() {
            var answered = new ArrayList<Answered>();
            synchronized (Account.this) {
                if (question == this) {
                    question = null;
                    decideAlone(answered);
                }
            }
            finish(answered, null);
        }

        @Override
        public void onLate() {
            var answered = new ArrayList<Answered>();
            synchronized (Account.this) {
                late = true;
                if (question == this) {
                    decideAlone(answered);
                }
            }
            finish(answered, null);
        }

        @GuardedBy("Account.this")
        private void note(BucketLedger.Taken taken) {
            if (startedAt - resetAt >= 0) {
                lapsed = 0; // of a window that is over
            }
            remaining = taken.remaining();
            refillAt = startedAt + taken.nanosToRefill();
            if (wanted > 0) {
                resetAt = startedAt + taken.nanosToReset();
            }
            long believed = startedAt + policy.memory().toNanos();
            if (taken.taken()) {
                long paid = Math.min(debt, tokens + wanted);
                debt -= paid;
                tokens += wanted - paid;
                tokensUntil = earlier(believed, resetAt);
            }
            if (taken.remaining() == 0 && !taken.taken()) {
                emptyUntil = earlier(believed, refillAt);
            }
        }

        @GuardedBy("Account.this")
        private void serve(List<Answered> answered, long now) {
            while (!waiting.isEmpty() && waiting.peek().hits() <= tokens) {
                Waiter waiter = waiting.remove();
                boolean empty = waiter.hits() == 0 && remaining + tokens == 0;
                answered.add(new Answered(
                        waiter,
                        empty ? verdict(Answer.OVER, Source.LEDGER, now) : grant(waiter.hits(), Source.LEDGER, now)));
            }
        }

        /** Refuses those who do not fit into what the bucket has left, and asks for the others. */
        @GuardedBy("Account.this")
        private @Nullable Question retake(long left, List<Answered> answered, long now) {
            long fitting = debt;
            int kept = 0;
            boolean again = retakes < MAX_RETAKES;
            Iterator<Waiter> asked = waiting.iterator();
            for (int i = 0; i < covers && asked.hasNext(); i++) {
                Waiter waiter = asked.next();
                if (again && fitting + waiter.hits() <= left + tokens) {
                    fitting += waiter.hits();
                    kept++;
                } else {
                    asked.remove();
                    answered.add(new Answered(waiter, verdict(Answer.OVER, Source.LEDGER, now)));
                }
            }
            long want = kept > 0 ? fitting - tokens : Math.min(left, wanted);
            if (!again || want <= 0 || (kept == 0 && covers > 0)) {
                return null;
            }
            var next = new Question(want, kept, now, retakes + 1);
            question = next;
            return next;
        }

        /** For those who came while the question was under way. */
        @GuardedBy("Account.this")
        private @Nullable Question goOn(List<Answered> answered, long now) {
            if (now - emptyUntil < 0) {
                for (Waiter waiter : waiting) {
                    answered.add(new Answered(waiter, verdict(Answer.OVER, Source.LEDGER, now)));
                }
                waiting.clear();
                return null;
            }
            if (!ledger.mayAsk(key)) {
                decideAlone(answered);
                return null;
            }
            return newQuestion(now);
        }

        @GuardedBy("Account.this")
        private void decideAlone(List<Answered> answered) {
            long now = clock.getAsLong();
            for (Waiter waiter : waiting) {
                answered.add(new Answered(waiter, fallback(waiter.hits(), now)));
            }
            waiting.clear();
        }

        private void finish(List<Answered> answered, @Nullable Question next) {
            for (Answered each : answered) {
                each.waiter().verdict().complete(each.verdict());
            }
            if (next != null) {
                next.ask();
            }
        }
    }
}
