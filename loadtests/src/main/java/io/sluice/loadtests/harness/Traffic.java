package io.sluice.loadtests.harness;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Requests at a steady pace over a few connections that are kept, while something is done to the programs behind them. Every request is
 * counted, and each one that is not answered with a 2xx is kept with its time and text. A caller honours {@code connection: close} and GOAWAY
 * as RFC 9112 §9.6 and RFC 9113 §6.8 ask, and never tries a request again, except one of which HTTP/2 says that nobody looked at it.
 */
public final class Traffic implements AutoCloseable {
    /** Header that numbers the requests, so that an upstream's record can be held against ours. */
    public static final String NUMBER = "x-traffic-number";

    private static final int CALLERS = 4;
    private static final int MAX_KEPT = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final long began = System.nanoTime();
    private final List<Integer> ports;
    private final boolean http2;
    private final String path;
    private final long gapNanos;
    private final AtomicInteger number = new AtomicInteger();
    private final List<Thread> callers = new ArrayList<>();
    private final List<Failure> failures = new ArrayList<>();
    private final Map<String, Integer> servedBy = new TreeMap<>();
    private int answered;
    private int failed;
    private int sentAgain;
    private volatile boolean stopped;

    /** @param after since the traffic began */
    public record Failure(Duration after, int number, String what) {
        @Override
        public String toString() {
            return "request %d after %.3f s: %s".formatted(number, after.toNanos() / 1e9, what);
        }
    }

    /**
     * What became of the requests.
     *
     * @param answered with a 2xx
     * @param failed all others
     * @param failures the first of them
     * @param sentAgain refused by HTTP/2's rules before anyone looked at them, and answered the second time
     * @param servedBy how often each instance answered, by the upstream's {@code x-served-by}
     */
    public record Outcome(
            int answered, int failed, List<Failure> failures, int sentAgain, Map<String, Integer> servedBy) {
        public Outcome {
            failures = List.copyOf(failures);
            servedBy = Map.copyOf(servedBy);
        }
    }

    private Traffic(boolean http2, List<Integer> ports, String path, int perSecond) {
        this.http2 = http2;
        this.ports = List.copyOf(ports);
        this.path = path;
        this.gapNanos = CALLERS * 1_000_000_000L / perSecond;
        for (int i = 0; i < CALLERS; i++) {
            int place = i;
            callers.add(Thread.ofVirtual().name("traffic-" + i).start(() -> call(place)));
        }
    }

    /** HTTP/1, begun at once. */
    public static Traffic http1(int port, String path, int perSecond) {
        return new Traffic(false, List.of(port), path, perSecond);
    }

    /** HTTP/2 with prior knowledge, begun at once. */
    public static Traffic http2(int port, String path, int perSecond) {
        return new Traffic(true, List.of(port), path, perSecond);
    }

    /** The same to several doors of one house: a caller whose door is shut, or who was told to leave, takes the next. */
    public static Traffic http1(List<Integer> ports, String path, int perSecond) {
        return new Traffic(false, ports, path, perSecond);
    }

    public static Traffic http2(List<Integer> ports, String path, int perSecond) {
        return new Traffic(true, ports, path, perSecond);
    }

    /** Waits until that many more requests had an end, good or bad: what happened before it was under load. */
    public synchronized void awaitMore(int requests) {
        int enough = answered + failed + requests;
        long deadline = System.nanoTime() + PATIENCE.toNanos() * 2;
        try {
            while (answered + failed < enough) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    throw new IllegalStateException("traffic stands still: " + outcome());
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** What became of the requests so far. */
    public synchronized Outcome outcome() {
        return new Outcome(answered, failed, failures, sentAgain, servedBy);
    }

    /** Sends nothing more and waits for what is under way. */
    public Outcome stop() {
        close();
        return outcome();
    }

    @Override
    public void close() {
        stopped = true;
        try {
            for (Thread caller : callers) {
                caller.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void call(int place) {
        try (Caller caller = new Caller(place)) {
            long due = System.nanoTime() + gapNanos * place / CALLERS;
            while (!stopped) {
                LockSupport.parkNanos(due - System.nanoTime());
                caller.call(number.incrementAndGet());
                due = Math.max(due + gapNanos, System.nanoTime() - gapNanos);
            }
        }
    }

    private synchronized void ended(int request, @Nullable Response response, String what) {
        if (response != null
                && response.end() == Response.End.COMPLETE
                && response.status() >= 200
                && response.status() < 300) {
            answered++;
            servedBy.merge(response.headers().get("x-served-by").orElse("-"), 1, Integer::sum);
        } else {
            failed++;
            if (failures.size() < MAX_KEPT) {
                failures.add(new Failure(Duration.ofNanos(System.nanoTime() - began), request, what));
            }
        }
        notifyAll();
    }

    private synchronized void again() {
        sentAgain++;
    }

    /** One connection after the other. */
    private final class Caller implements AutoCloseable {
        private int door;
        private @Nullable Http1Client one;
        private @Nullable Http2Client two;

        Caller(int place) {
            door = place;
        }

        void call(int request) {
            try {
                Response response = http2 ? over2(request) : over1(request);
                String text = response.text().strip();
                ended(
                        request,
                        response,
                        response.end() == Response.End.COMPLETE
                                ? response.status() + " " + text
                                : response.end() + " after status " + response.status() + " and " + text.length()
                                        + " bytes");
            } catch (IOException e) {
                leave();
                ended(request, null, e.toString());
            }
        }

        private Response over1(int request) throws IOException {
            Http1Client client = one;
            if (client == null) {
                client = connect(Http1Client::connect);
                one = client;
            }
            client.send("GET " + path + " HTTP/1.1\r\nhost: traffic\r\n" + NUMBER + ": " + request + "\r\n\r\n");
            Response response = client.read("GET", PATIENCE);
            boolean close = response.headers().get("connection").orElse("").equalsIgnoreCase("close");
            if (close || response.end() != Response.End.COMPLETE) {
                leave();
            }
            return response;
        }

        private Response over2(int request) throws IOException {
            for (int attempt = 0; ; attempt++) {
                Http2Client client = two;
                if (client == null || !client.takesCalls()) {
                    leave();
                    client = connect(Http2Client::connect);
                    two = client;
                }
                Http2Client.Call call = client.open(
                        Headers.of(
                                ":method",
                                "GET",
                                ":scheme",
                                "http",
                                ":authority",
                                "traffic",
                                ":path",
                                path,
                                NUMBER,
                                Integer.toString(request)),
                        true);
                Response response = call.read(PATIENCE);
                if (!call.unprocessed() || attempt > 0) {
                    return response;
                }
                leave();
                again();
            }
        }

        private <T> T connect(Connect<T> connect) throws IOException {
            for (int shut = 1; ; shut++) {
                try {
                    return connect.to(ports.get(Math.floorMod(door, ports.size())));
                } catch (ConnectException e) {
                    if (shut >= ports.size()) {
                        throw e;
                    }
                    door++;
                }
            }
        }

        private void leave() {
            close();
            door++;
        }

        @Override
        public void close() {
            try {
                if (one != null) {
                    one.close();
                }
            } catch (IOException e) {
                throw new IllegalStateException("a socket that cannot be closed", e);
            }
            if (two != null) {
                two.close();
            }
            one = null;
            two = null;
        }
    }

    private interface Connect<T> {
        T to(int port) throws IOException;
    }
}
