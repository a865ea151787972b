package io.sluice.sync.consul;

import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.client.UnprocessedRequestException;
import io.netty.util.concurrent.ScheduledFuture;
import io.sluice.sync.consul.ConsulClient.Answer;
import io.sluice.sync.consul.ConsulClient.Query;
import io.sluice.sync.consul.DropGuard.Verdict;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One path of Consul's, read by blocking queries or on demand. Keeps the last answer that was believed. Lives on the client's event loop.
 *
 * @param <T> what an answer says, with equals
 */
final class Watch<T> implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Watch.class);

    /** How long Consul may hold a query. A peer that died without a word is noticed that much later. */
    static final Duration MAX_WAIT = Duration.ofMinutes(1);

    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(10);

    /** Of a watch at which the others look: so much later at most they are all read again. */
    private static final Duration SCOUTS_BACKOFF = Duration.ofSeconds(2);

    /** What a watch reads, and what its answers mean. */
    record Subject<T>(String name, String path, Function<JsonNode, T> parser, ToIntFunction<? super T> size) {}

    /** Who wants to know. Called on the client's event loop. */
    interface Observer {
        /** The value is another one, or there is one for the first time, or what is kept is kept for another reason. */
        void changed();

        /** A read worked again, or did not for the first time. */
        void connectionChanged();

        /** A read has ended, well or not, and was not one that waits for a change. */
        void ended();

        /** Consul's index is lower than it was. */
        void wentBack();

        /** Whether the rest of what Consul says fits to an answer of less than half of what was known. */
        boolean agrees(int size);
    }

    private enum Mode {
        FOLLOWING,
        ON_DEMAND,
        CLOSED
    }

    private final Subject<T> subject;
    private final ConsulClient client;
    private final Observer observer;
    private final RandomGenerator random;
    private final Backoff backoff;
    private final Pace pace = new Pace();
    private final DropGuard guard = new DropGuard();

    private Mode mode = Mode.ON_DEMAND;
    private boolean asking;
    private boolean askAgain;
    private long index;
    private boolean filtered;
    private boolean failing;
    private @Nullable String failure;
    private @Nullable T value;
    private @Nullable ScheduledFuture<?> scheduled;

    Watch(Subject<T> subject, ConsulClient client, Observer observer, RandomGenerator random) {
        this(subject, client, observer, random, LONGEST_BACKOFF);
    }

    private Watch(
            Subject<T> subject,
            ConsulClient client,
            Observer observer,
            RandomGenerator random,
            Duration longestBackoff) {
        this.subject = subject;
        this.client = client;
        this.observer = observer;
        this.random = random;
        backoff = new Backoff(random, longestBackoff);
    }

    /** One that finds out for the others that Consul is back. */
    static <T> Watch<T> scout(Subject<T> subject, ConsulClient client, Observer observer, RandomGenerator random) {
        return new Watch<>(subject, client, observer, random, SCOUTS_BACKOFF);
    }

    String name() {
        return subject.name();
    }

    /** The last answer that was believed. */
    Optional<T> value() {
        return Optional.ofNullable(value);
    }

    /** Why the last read did not work. */
    Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    /** Whether an answer was believed, and none failed since. */
    boolean isCurrent() {
        return value != null && !failing;
    }

    /** Why what it has is kept against what Consul says; empty where it is not. */
    Optional<String> heldBack() {
        return guard.holding() ? Optional.of(guard.reason()) : Optional.empty();
    }

    boolean isFollowing() {
        return mode == Mode.FOLLOWING;
    }

    /** Whether a query is under way. */
    boolean isAsking() {
        return asking;
    }

    /** Consul lost its state. @return false where that says nothing of the last answer */
    boolean forgotten() {
        return guard.forgotten();
    }

    /** Reads now, and from then on whenever something changes. */
    void follow() {
        mode = Mode.FOLLOWING;
        look();
    }

    /** Reads now, or once more where a read is under way. */
    void look() {
        if (asking || scheduled != null) {
            askAgain = true;
        } else {
            askIn(Duration.ZERO, new Query.Now());
        }
    }

    /** Consul answers again: a read that waits because it failed need not wait longer. */
    void tryAgain() {
        if (failing && scheduled != null && scheduled.cancel(false)) {
            askIn(Duration.ofMillis(random.nextInt(100)), new Query.Now());
        }
    }

    @Override
    public void close() {
        mode = Mode.CLOSED;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
    }

    private void askIn(Duration delay, Query query) {
        if (delay.isZero()) {
            askInPace(query);
        } else {
            scheduled = client.loop().schedule(() -> askInPace(query), delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void askInPace(Query query) {
        long wait = pace.next(System.nanoTime()).toNanos();
        if (wait == 0) {
            ask(query);
        } else {
            scheduled = client.loop().schedule(() -> ask(query), wait, TimeUnit.NANOSECONDS);
        }
    }

    private void ask(Query query) {
        scheduled = null;
        asking = true;
        client.get(subject.path(), query).whenCompleteAsync(this::answered, client.loop());
    }

    private void answered(@Nullable Answer answer, @Nullable Throwable failed) {
        asking = false;
        if (mode == Mode.CLOSED) {
            return;
        }
        if (answer == null) {
            failed(failed);
            return;
        }
        try {
            believeOrDoubt(answer);
        } catch (ConsulException e) {
            failed(e);
        } catch (RuntimeException e) {
            log.error("watch failed part={}", name(), e);
            failed(e);
        }
    }

    private void believeOrDoubt(Answer answer) {
        T said = subject.parser().apply(answer.body());
        backoff.reset();
        long next = Math.max(1, answer.index());
        boolean wentBack = next < index;
        if (wentBack) {
            guard.interrupted();
            observer.wentBack();
        }
        index = wentBack ? 0 : next;
        connected();
        consider(said, answer.filtered());
    }

    private void consider(T next, boolean nowFiltered) {
        int size = subject.size().applyAsInt(next);
        boolean held = guard.holding();
        BooleanSupplier agreed = () -> observer.agrees(size) && (filtered || !nowFiltered);
        switch (guard.consider(size, agreed, System.nanoTime())) {
            case Verdict.Believe believe -> {
                boolean changed = !next.equals(value);
                value = next;
                filtered = nowFiltered;
                if (changed || held) {
                    observer.changed();
                }
                continueAfter();
            }
            case Verdict.ReadAgain again -> {
                beganToHold(held);
                askIn(again.after(), new Query.Surely());
            }
            case Verdict.Hold hold -> {
                beganToHold(held);
                continueAfter();
            }
        }
    }

    private void beganToHold(boolean before) {
        if (guard.holding() && !before) {
            observer.changed();
        }
    }

    private void continueAfter() {
        if (mode == Mode.FOLLOWING) {
            askIn(Duration.ZERO, index == 0 ? new Query.Now() : new Query.After(index, wait(random)));
        } else if (askAgain) {
            askIn(Duration.ZERO, new Query.Now());
        } else {
            observer.ended();
        }
        askAgain = false;
    }

    /** Not all at the same time: watches that began together would end together for ever. */
    private static Duration wait(RandomGenerator random) {
        long most = MAX_WAIT.toMillis();
        return Duration.ofMillis(most * 4 / 5 + random.nextLong(most / 5));
    }

    private void failed(@Nullable Throwable reason) {
        failure = inOneLine(reason);
        guard.interrupted();
        // the index stays, to be compared; but nobody waits for a Consul that lost its state to reach it again
        askIn(backoff.next(), new Query.Now());
        if (!failing) {
            failing = true;
            observer.connectionChanged();
        }
        observer.ended();
    }

    /** What a person can act on: {@code Connection refused: /127.0.0.1:8500}, without the layers it came through. */
    private static String inOneLine(@Nullable Throwable reason) {
        Throwable cause = reason;
        while (cause != null
                && cause.getCause() != null
                && (cause instanceof CompletionException || cause instanceof UnprocessedRequestException)) {
            cause = cause.getCause();
        }
        String message = cause instanceof ConsulException || cause instanceof IOException ? cause.getMessage() : null;
        return message == null ? String.valueOf(cause) : message;
    }

    private void connected() {
        failure = null;
        if (failing || value == null) {
            failing = false;
            observer.connectionChanged();
        }
    }
}
