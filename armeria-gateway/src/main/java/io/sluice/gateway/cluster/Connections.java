package io.sluice.gateway.cluster;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How connections to a cluster's endpoints are made and how long they live.
 *
 * @param connectTimeout of a connection
 * @param idleTimeout of one without requests; zero means none
 * @param maxRequests of one; 0 means no limit
 * @param maxDuration of one, after which it takes no more requests; zero means none
 * @param maxHeaders of an answer, and of its trailers
 * @param maxHeadBytes of an answer's line with its headers, and of its trailers
 * @param bufferBytes that may wait to be written, per connection; 0 means Envoy's default
 */
public record Connections(
        Duration connectTimeout,
        Duration idleTimeout,
        int maxRequests,
        Duration maxDuration,
        int maxHeaders,
        int maxHeadBytes,
        int bufferBytes,
        Http1 http1,
        Http2 http2) {
    public static final Connections DEFAULT = new Connections(
            Duration.ofSeconds(5),
            Duration.ofHours(1),
            0,
            Duration.ZERO,
            100,
            60 * 1024,
            0,
            Http1.DEFAULT,
            Http2.DEFAULT);

    /**
     * @param trailers whether they pass, both ways
     * @param properCase whether names of headers go out as {@code X-Request-Id}
     */
    public record Http1(boolean trailers, boolean properCase) {
        public static final Http1 DEFAULT = new Http1(false, false);
    }

    /**
     * @param maxStreams of one connection at once, whatever more the peer would take
     * @param keepalive null means none
     */
    public record Http2(
            int maxStreams,
            int streamWindowBytes,
            int connectionWindowBytes,
            @Nullable Keepalive keepalive) {
        private static final int MIB = 1024 * 1024;

        /** A connection's window is of many streams, so that one whose caller does not read leaves room for the others. */
        public static final Http2 DEFAULT = new Http2(Integer.MAX_VALUE, MIB, 32 * MIB, null);
    }

    /**
     * PINGs on an HTTP/2 connection; one that is not answered in time ends it.
     *
     * @param interval between two; zero means none but those below
     * @param jitterPercent up to so much later
     * @param idle a PING goes before a request, where nothing was heard for so long; zero means never
     */
    public record Keepalive(Duration interval, Duration timeout, double jitterPercent, Duration idle) {}
}
