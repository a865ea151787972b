package io.sluice.loadtests.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A server on a port of 127.0.0.1 that keeps what it was asked and answers as told. The answer is chosen when the request's headers are there,
 * so that it may come before the body. Safe for use by several threads.
 */
public final class RecordingUpstream implements AutoCloseable {
    /** How many requests are kept, the newest ones; {@link #count} counts all. */
    public static final int MAX_KEPT = 10_000;

    private final Deque<RecordedRequest> seen = new ArrayDeque<>();
    private final AtomicInteger count = new AtomicInteger();
    private volatile Consumer<RecordedRequest> watcher = request -> {};
    private final AutoCloseable server;
    private final int port;

    private RecordingUpstream(boolean http2, Optional<TlsPeer> tls, Function<RecordedRequest, Answer> answers) {
        try {
            if (http2) {
                Http2Upstream started = new Http2Upstream(tls, answers, this::record);
                server = started;
                port = started.port();
            } else {
                Http1Upstream started = new Http1Upstream(tls, answers, this::record);
                server = started;
                port = started.port();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start an upstream", e);
        }
    }

    /** @param answers is called by many threads at once, with the request's body still missing */
    public static RecordingUpstream http1(Function<RecordedRequest, Answer> answers) {
        return new RecordingUpstream(false, Optional.empty(), answers);
    }

    /** HTTP/2 with prior knowledge. @param answers as in {@link #http1} */
    public static RecordingUpstream http2(Function<RecordedRequest, Answer> answers) {
        return new RecordingUpstream(true, Optional.empty(), answers);
    }

    /** @param answers as in {@link #http1} */
    public static RecordingUpstream of(
            boolean http2, Optional<TlsPeer> tls, Function<RecordedRequest, Answer> answers) {
        return new RecordingUpstream(http2, tls, answers);
    }

    /** One answer after the other; the last one stays. */
    public static Function<RecordedRequest, Answer> inTurn(List<Answer> answers) {
        AtomicInteger next = new AtomicInteger();
        return request -> answers.get(Math.min(next.getAndIncrement(), answers.size() - 1));
    }

    public int port() {
        return port;
    }

    /** From now on each request is shown to it as well, whole or broken off, by many threads at once. */
    public void watch(Consumer<RecordedRequest> watcher) {
        this.watcher = watcher;
    }

    /** Requests so far, each counted when it was read whole or broke off. */
    public int count() {
        return count.get();
    }

    public List<RecordedRequest> seen() {
        synchronized (seen) {
            return List.copyOf(seen);
        }
    }

    public void forget() {
        synchronized (seen) {
            seen.clear();
        }
        count.set(0);
    }

    /** Ends all connections and frees the port. */
    @Override
    public void close() {
        try {
            server.close();
        } catch (Exception e) {
            throw new IllegalStateException("cannot stop the upstream on port " + port, e);
        }
    }

    private void record(RecordedRequest request) {
        synchronized (seen) {
            seen.addLast(request);
            if (seen.size() > MAX_KEPT) {
                seen.removeFirst();
            }
        }
        count.incrementAndGet();
        watcher.accept(request);
    }

    /** Lets the time of a {@link Answer.Delayed} pass. @return what it was before */
    static Answer awaited(Answer answer) throws InterruptedException {
        Answer next = answer;
        while (next instanceof Answer.Delayed(Duration by, Answer then)) {
            Thread.sleep(by);
            next = then;
        }
        return next;
    }
}
