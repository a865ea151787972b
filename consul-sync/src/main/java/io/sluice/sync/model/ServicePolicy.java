package io.sluice.sync.model;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How instances of a service are called; everything absent is Envoy's default.
 *
 * @param protocol what the instances speak
 * @param connectTimeout per connection
 * @param tls empty for clear text
 */
public record ServicePolicy(
        Protocol protocol,
        Balancing balancing,
        Optional<Duration> connectTimeout,
        Optional<HealthCheck> healthCheck,
        Optional<OutlierDetection> outlierDetection,
        OptionalInt maxConnections,
        OptionalInt maxPendingRequests,
        OptionalInt maxRequests,
        OptionalInt maxRetries,
        Optional<Tls> tls) {
    public static final ServicePolicy DEFAULT = new ServicePolicy(
            Protocol.HTTP1,
            Balancing.ROUND_ROBIN,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            Optional.empty());

    /** {@code http2} and {@code grpc} both mean HTTP/2 with prior knowledge. */
    public enum Protocol {
        HTTP1,
        HTTP2
    }

    public enum Balancing {
        ROUND_ROBIN,
        LEAST_REQUEST,
        RANDOM
    }

    /** An active HTTP check made by every data-plane node. */
    public record HealthCheck(
            String path, Duration interval, Duration timeout, int healthyThreshold, int unhealthyThreshold) {}

    /** Ejection after consecutive answers of 500 and above. */
    public record OutlierDetection(
            int consecutive5xx, Duration interval, Duration baseEjectionTime, int maxEjectionPercent) {}

    /**
     * Whom an instance must prove to be before it is told anything.
     *
     * @param name asked for, and which its certificate must have
     * @param authorities name of those whose certificates are believed
     * @param certificate name of the one that is shown to it, if any is
     */
    public record Tls(String name, String authorities, Optional<String> certificate) {}
}
