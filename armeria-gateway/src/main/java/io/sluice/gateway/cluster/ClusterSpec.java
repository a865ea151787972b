package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.cluster.health.HealthCheckPolicy;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as configured. Two equal specs mean the same thing.
 *
 * @param discovery where its endpoints come from
 * @param connectTimeout of a connection
 * @param idleTimeout of a pooled connection; zero means none
 * @param maxRequestsPerConnection 0 means no limit
 * @param panicThreshold percent of healthy endpoints below which health is disregarded; 0 turns that off
 */
public record ClusterSpec(
        String name,
        Discovery discovery,
        LbPolicy lbPolicy,
        Protocol protocol,
        Duration connectTimeout,
        Duration idleTimeout,
        int maxRequestsPerConnection,
        Thresholds defaultThresholds,
        Thresholds highThresholds,
        double panicThreshold,
        List<HealthCheckPolicy> healthChecks,
        @Nullable OutlierPolicy outlier,
        boolean ignoreHealthOnRemoval) {
    public ClusterSpec {
        healthChecks = List.copyOf(healthChecks);
    }

    /** The name under which endpoints are asked for, where they come from the stream. */
    public Optional<String> edsName() {
        return discovery instanceof Discovery.Eds eds ? Optional.of(eds.serviceName()) : Optional.empty();
    }

    /** What the endpoints speak, without TLS; never guessed. */
    public enum Protocol {
        HTTP1,
        HTTP2
    }

    /** Where endpoints come from. */
    public sealed interface Discovery {
        record Static(LoadAssignment endpoints) implements Discovery {}

        /** @param refresh between two look-ups of each name */
        record StrictDns(DnsAssignment names, Duration refresh) implements Discovery {}

        record Eds(String serviceName) implements Discovery {}
    }
}
