package io.sluice.gateway.cluster.health;

import java.time.Duration;
import java.util.List;

/**
 * An active check of each endpoint.
 *
 * @param port in place of the endpoint's; 0 for none; what an endpoint says of itself stands over it
 * @param reuses whether a connection serves more than one check
 */
public record HealthCheckPolicy(
        Kind kind,
        Duration timeout,
        Intervals intervals,
        int unhealthyThreshold,
        int healthyThreshold,
        int port,
        boolean reuses) {

    /** What is asked, and what passes. */
    public sealed interface Kind {
        /**
         * @param http2 whether to speak HTTP/2 with prior knowledge, whatever requests speak
         * @param host the check's Host; the cluster's name where none is given
         * @param remove names of headers that the check does not send
         * @param expected ranges of status that pass
         * @param retriable ranges of status that fail, yet not before the threshold is reached
         * @param receive what the body must hold, in this order; empty for anything
         */
        record Http(
                boolean http2,
                String method,
                String path,
                String host,
                List<Header> add,
                List<String> remove,
                List<StatusRange> expected,
                List<StatusRange> retriable,
                List<Payload> receive)
                implements Kind {
            public Http {
                add = List.copyOf(add);
                remove = List.copyOf(remove);
                expected = List.copyOf(expected);
                retriable = List.copyOf(retriable);
                receive = List.copyOf(receive);
            }
        }

        /** grpc.health.v1. @param service empty for the server as a whole */
        record Grpc(String service, String authority, List<Header> metadata) implements Kind {
            public Grpc {
                metadata = List.copyOf(metadata);
            }
        }

        /** @param send empty for a connection alone; @param receive empty for any answer, or none where nothing is sent */
        record Tcp(Payload send, List<Payload> receive) implements Kind {
            public Tcp {
                receive = List.copyOf(receive);
            }
        }
    }

    /** @param append beside what stands there, else in its place */
    public record Header(String name, String value, boolean append) {}

    /** @param end excluded */
    public record StatusRange(int start, int end) {
        public static boolean any(List<StatusRange> ranges, int status) {
            return ranges.stream().anyMatch(range -> status >= range.start() && status < range.end());
        }
    }

    /** Bytes, one character each. */
    public record Payload(String bytes) {
        public static final Payload NONE = new Payload("");

        /** Whether all of them stand in a text, one after the other. */
        public static boolean allIn(List<Payload> payloads, String text) {
            int at = 0;
            for (Payload payload : payloads) {
                int found = text.indexOf(payload.bytes(), at);
                if (found < 0) {
                    return false;
                }
                at = found + payload.bytes().length();
            }
            return true;
        }
    }

    /**
     * Between two checks of an endpoint.
     *
     * @param healthy of one that is well, {@code unhealthy} of one that is not
     * @param noTraffic the same while the cluster has not been used yet, {@code noTrafficHealthy} of one that is well
     * @param healthyEdge while one more passes than it takes, {@code unhealthyEdge} while one more fails
     * @param initialJitter up to so much before the first
     * @param jitter up to so much more each time, and {@code jitterPercent} of it
     */
    public record Intervals(
            Duration healthy,
            Duration unhealthy,
            Duration noTraffic,
            Duration noTrafficHealthy,
            Duration healthyEdge,
            Duration unhealthyEdge,
            Duration initialJitter,
            Duration jitter,
            int jitterPercent) {
        public static Intervals of(Duration interval, Duration noTraffic) {
            return new Intervals(
                    interval, interval, noTraffic, noTraffic, interval, interval, Duration.ZERO, Duration.ZERO, 0);
        }
    }
}
