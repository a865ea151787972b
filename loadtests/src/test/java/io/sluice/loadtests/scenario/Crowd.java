package io.sluice.loadtests.scenario;

import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/**
 * Callers of one door, each on a connection of its own over HTTP/1, whose answers may be good or bad: they are counted by status, with how long each
 * took.
 */
final class Crowd implements AutoCloseable {
    /** Longer than any route of a scenario allows. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final int port;
    private final String path;
    private final long gapNanos;
    private final List<Thread> callers = new ArrayList<>();
    private final Map<Integer, Tally> tallies = new TreeMap<>();
    private final Map<Integer, Response> newest = new TreeMap<>();
    private volatile boolean stopped;

    /** Of one status; 0 stands for none at all. Milliseconds, in no order. */
    private static final class Tally {
        private double[] millis = new double[64];
        private int count;

        private void add(double took) {
            if (count == millis.length) {
                millis = Arrays.copyOf(millis, 2 * count);
            }
            millis[count++] = took;
        }
    }

    /** @param gap between two requests of one caller; zero where each answer is followed by the next request */
    private Crowd(int port, String path, int callers, Duration gap) {
        this.port = port;
        this.path = path;
        gapNanos = gap.toNanos();
        for (int i = 0; i < callers; i++) {
            long delay = gapNanos * i / callers;
            this.callers.add(Thread.ofVirtual().start(() -> ask(delay)));
        }
    }

    /** Each asks again as soon as it is answered. */
    static Crowd eager(int port, String path, int callers) {
        return new Crowd(port, path, callers, Duration.ZERO);
    }

    /** So many requests a second from all of them together, however slow the answers are, up to one under way per caller. */
    static Crowd steady(int port, String path, int callers, int perSecond) {
        return new Crowd(port, path, callers, Duration.ofNanos(callers * 1_000_000_000L / perSecond));
    }

    /** Lets it go on for that long. */
    Crowd during(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        return this;
    }

    synchronized void forget() {
        tallies.clear();
    }

    /** Answers so far. */
    synchronized int answers() {
        return tallies.values().stream().mapToInt(tally -> tally.count).sum();
    }

    synchronized int answers(int status) {
        Tally tally = tallies.get(status);
        return tally == null ? 0 : tally.count;
    }

    /** The newest with that status, which there must be. */
    synchronized Response last(int status) {
        return Optional.ofNullable(newest.get(status)).orElseThrow();
    }

    /** @return milliseconds that this share of the answers with the status did not exceed, 0 where there are none */
    synchronized double millis(int status, double share) {
        Tally tally = tallies.get(status);
        if (tally == null) {
            return 0;
        }
        double[] sorted = Arrays.copyOf(tally.millis, tally.count);
        Arrays.sort(sorted);
        return sorted[Math.min(tally.count - 1, (int) (share * tally.count))];
    }

    /** What was answered how often. */
    @Override
    public synchronized String toString() {
        Map<Integer, Integer> counts = new TreeMap<>();
        tallies.forEach((status, tally) -> counts.put(status, tally.count));
        return counts.toString();
    }

    /** Sends nothing more and waits for what is under way. */
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

    private void ask(long delay) {
        long due = System.nanoTime() + delay;
        while (!stopped) {
            try (Http1Client client = Http1Client.connect(port)) {
                boolean more = true;
                while (more && !stopped) {
                    LockSupport.parkNanos(due - System.nanoTime());
                    long began = System.nanoTime();
                    client.send("GET " + path + " HTTP/1.1\r\nhost: crowd\r\n\r\n");
                    Response response = client.read("GET", PATIENCE);
                    due = Math.max(due, System.nanoTime() - gapNanos) + gapNanos;
                    answered(System.nanoTime() - began, response);
                    more = response.end() == Response.End.COMPLETE
                            && !response.headers().get("connection").orElse("").equalsIgnoreCase("close");
                }
            } catch (IOException e) {
                answered(0, Site.nothing(e));
            }
        }
    }

    private synchronized void answered(long nanos, Response response) {
        int status = response.end() == Response.End.COMPLETE ? response.status() : 0;
        tallies.computeIfAbsent(status, any -> new Tally()).add(nanos / 1e6);
        newest.put(status, response);
    }
}
