package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.cluster.health.HealthCheckPolicy;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as configured. Two equal specs mean the same thing.
 *
 * @param discovery where its endpoints come from
 */
public record ClusterSpec(
        String name,
        Discovery discovery,
        Balancing balancing,
        Protocol protocol,
        Connections connections,
        Thresholds defaultThresholds,
        Thresholds highThresholds,
        List<HealthCheckPolicy> healthChecks,
        @Nullable OutlierPolicy outlier,
        HostRules hosts,
        Sockets sockets) {
    public ClusterSpec {
        healthChecks = List.copyOf(healthChecks);
    }

    /** In clear text. */
    public ClusterSpec(
            String name,
            Discovery discovery,
            Balancing balancing,
            Protocol protocol,
            Connections connections,
            Thresholds defaultThresholds,
            Thresholds highThresholds,
            List<HealthCheckPolicy> healthChecks,
            @Nullable OutlierPolicy outlier,
            HostRules hosts) {
        this(
                name,
                discovery,
                balancing,
                protocol,
                connections,
                defaultThresholds,
                highThresholds,
                healthChecks,
                outlier,
                hosts,
                Sockets.CLEAR_TEXT);
    }

    /** The name under which endpoints are asked for, where they come from the stream. */
    public Optional<String> edsName() {
        return discovery instanceof Discovery.Eds eds ? Optional.of(eds.serviceName()) : Optional.empty();
    }

    /** What the endpoints speak; never guessed. */
    public enum Protocol {
        HTTP1,
        HTTP2
    }

    /** Where endpoints come from. */
    public sealed interface Discovery {
        record Static(LoadAssignment endpoints) implements Discovery {}

        /** Each address that a name has is an endpoint. */
        record StrictDns(DnsAssignment names, DnsPolicy policy) implements Discovery {}

        /** A name of whose addresses any may be used. */
        record LogicalDns(DnsAssignment name, DnsPolicy policy) implements Discovery {}

        record Eds(String serviceName) implements Discovery {}
    }
}
