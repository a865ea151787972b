package io.sluice.loadtests.bench;

import java.time.Duration;

/** A cheap caller, the same for every proxy measured: one thread, connections that stay open, a fixed number of requests in flight. */
interface Load extends AutoCloseable {
    /**
     * Opens the connections, calls, and closes them.
     *
     * @param inFlight requests under way at any time
     * @param pace requests per second altogether, sent when they are due whatever the answers do; 0 is as many as they can
     */
    Round run(int port, String path, int inFlight, Duration duration, double pace) throws InterruptedException;

    @Override
    void close();

    /**
     * What was seen while it ran.
     *
     * @param callerBusy share of the time for which the calling thread had work: near 1 it was the bottleneck
     */
    record Round(long requests, long failures, Duration took, Latencies latencies, double callerBusy) {
        double perSecond() {
            return requests / (took.toNanos() / 1e9);
        }
    }
}
