package io.sluice.gateway.cluster;

import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.KeepaliveSettings;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.sluice.gateway.cluster.ClusterSpec.Discovery;
import io.sluice.gateway.cluster.ClusterSpec.Protocol;
import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.cluster.health.HealthCheckPolicy;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import io.sluice.gateway.xds.Problems;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns Envoy's Cluster into a {@link ClusterSpec}, with Envoy's defaults where a field is not set. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
public final class ClusterParser {
    private static final String HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private final DiscoveryParser sources = new DiscoveryParser();
    private final LbPolicyParser policies = new LbPolicyParser();

    /** @return empty when something was reported */
    public Optional<ClusterSpec> parse(Cluster cluster, Problems problems) {
        Optional<Discovery> discovery = sources.parse(cluster, problems);
        Optional<Balancing> lb = policies.parse(cluster, problems);
        Http http = http(cluster, problems);
        Thresholds[] thresholds = thresholds(cluster.getCircuitBreakers(), problems.at("circuit_breakers"));
        List<HealthCheckPolicy> checks =
                new HealthCheckParser().parse(cluster.getHealthChecksList(), cluster.getName(), problems);
        OutlierPolicy outlier = cluster.hasOutlierDetection()
                ? new OutlierPolicyParser()
                        .parse(cluster.getOutlierDetection(), problems.at("outlier_detection"))
                        .orElse(null)
                : null;
        if (problems.any() || discovery.isEmpty() || lb.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new ClusterSpec(
                cluster.getName(),
                discovery.get(),
                lb.get(),
                http.protocol(),
                connections(cluster, http),
                thresholds[0],
                thresholds[1],
                checks,
                outlier,
                new HostRules(
                        cluster.getIgnoreHealthOnHostRemoval(),
                        cluster.getCommonLbConfig().getIgnoreNewHostsUntilFirstHc(),
                        cluster.getCloseConnectionsOnHostHealthFailure())));
    }

    private record Http(
            Protocol protocol, HttpProtocolOptions common, Connections.Http1 http1, Connections.Http2 http2) {}

    private static Http http(Cluster cluster, Problems problems) {
        Protocol protocol = Protocol.HTTP1;
        HttpProtocolOptions common = cluster.getCommonHttpProtocolOptions();
        Http1ProtocolOptions http1 = cluster.getHttpProtocolOptions();
        Http2ProtocolOptions http2 = cluster.getHttp2ProtocolOptions();
        if (cluster.hasHttp2ProtocolOptions()) {
            protocol = Protocol.HTTP2;
        }
        for (var entry : cluster.getTypedExtensionProtocolOptionsMap().entrySet()) {
            Problems at = problems.at("typed_extension_protocol_options['" + entry.getKey() + "']");
            if (!entry.getKey().equals(HTTP_OPTIONS)) {
                at.unsupported("type", entry.getValue().getTypeUrl());
                continue;
            }
            try {
                var options = entry.getValue()
                        .unpack(io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.class);
                common = options.getCommonHttpProtocolOptions();
                http1 = options.getExplicitHttpConfig().getHttpProtocolOptions();
                http2 = options.getExplicitHttpConfig().getHttp2ProtocolOptions();
                protocol = protocol(options, at);
            } catch (InvalidProtocolBufferException e) {
                at.wrong("typed_config", String.valueOf(e.getMessage()));
            }
        }
        return new Http(
                protocol,
                common,
                new Connections.Http1(
                        http1.getEnableTrailers(), http1.getHeaderKeyFormat().hasProperCaseWords()),
                http2(http2));
    }

    private static Connections.Http2 http2(Http2ProtocolOptions told) {
        Connections.Http2 usual = Connections.Http2.DEFAULT;
        return new Connections.Http2(
                or(told.hasMaxConcurrentStreams(), told.getMaxConcurrentStreams(), usual.maxStreams()),
                or(told.hasInitialStreamWindowSize(), told.getInitialStreamWindowSize(), usual.streamWindowBytes()),
                or(
                        told.hasInitialConnectionWindowSize(),
                        told.getInitialConnectionWindowSize(),
                        usual.connectionWindowBytes()),
                told.hasConnectionKeepalive() ? keepalive(told.getConnectionKeepalive()) : null);
    }

    private static Connections.Keepalive keepalive(KeepaliveSettings told) {
        return new Connections.Keepalive(
                duration(told.getInterval()),
                duration(told.getTimeout()),
                told.hasIntervalJitter() ? told.getIntervalJitter().getValue() : 15,
                duration(told.getConnectionIdleInterval()));
    }

    private static Connections connections(Cluster cluster, Http http) {
        HttpProtocolOptions common = http.common();
        return new Connections(
                cluster.hasConnectTimeout()
                        ? duration(cluster.getConnectTimeout())
                        : Connections.DEFAULT.connectTimeout(),
                common.hasIdleTimeout() ? duration(common.getIdleTimeout()) : java.time.Duration.ofHours(1),
                common.hasMaxRequestsPerConnection()
                        ? common.getMaxRequestsPerConnection().getValue()
                        : cluster.getMaxRequestsPerConnection().getValue(),
                duration(common.getMaxConnectionDuration()),
                cluster.getPerConnectionBufferLimitBytes().getValue(),
                http.http1(),
                http.http2());
    }

    private static Protocol protocol(
            io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions options, Problems problems) {
        return switch (options.getUpstreamProtocolOptionsCase()) {
            case EXPLICIT_HTTP_CONFIG ->
                switch (options.getExplicitHttpConfig().getProtocolConfigCase()) {
                    case HTTP_PROTOCOL_OPTIONS, PROTOCOLCONFIG_NOT_SET -> Protocol.HTTP1;
                    case HTTP2_PROTOCOL_OPTIONS -> Protocol.HTTP2;
                    case HTTP3_PROTOCOL_OPTIONS -> {
                        problems.unsupported("http3_protocol_options");
                        yield Protocol.HTTP1;
                    }
                };
            case USE_DOWNSTREAM_PROTOCOL_CONFIG, AUTO_CONFIG, UPSTREAMPROTOCOLOPTIONS_NOT_SET -> {
                problems.unsupported("upstream_protocol_options", options.getUpstreamProtocolOptionsCase());
                yield Protocol.HTTP1;
            }
        };
    }

    private static Thresholds[] thresholds(CircuitBreakers breakers, Problems problems) {
        Thresholds[] parsed = {unsaid(breakers, RoutingPriority.DEFAULT), unsaid(breakers, RoutingPriority.HIGH)};
        for (CircuitBreakers.Thresholds limits : breakers.getThresholdsList()) {
            Thresholds value = new Thresholds(
                    or(limits.hasMaxConnections(), limits.getMaxConnections(), 1024),
                    or(limits.hasMaxPendingRequests(), limits.getMaxPendingRequests(), 1024),
                    or(limits.hasMaxRequests(), limits.getMaxRequests(), 1024),
                    or(limits.hasMaxRetries(), limits.getMaxRetries(), 3),
                    limits.hasRetryBudget() ? budget(limits.getRetryBudget()) : null,
                    perHost(breakers, limits.getPriority()),
                    limits.getTrackRemaining());
            if (limits.getPriority() == RoutingPriority.UNRECOGNIZED) {
                problems.expected("priority", limits.getPriorityValue(), "DEFAULT or HIGH");
            } else {
                parsed[limits.getPriority() == RoutingPriority.HIGH ? 1 : 0] = value;
            }
        }
        return parsed;
    }

    private static Thresholds unsaid(CircuitBreakers breakers, RoutingPriority priority) {
        Thresholds usual = Thresholds.DEFAULT;
        return new Thresholds(
                usual.maxConnections(),
                usual.maxPendingRequests(),
                usual.maxRequests(),
                usual.maxRetries(),
                null,
                perHost(breakers, priority),
                false);
    }

    private static Thresholds.RetryBudget budget(CircuitBreakers.Thresholds.RetryBudget budget) {
        return new Thresholds.RetryBudget(
                budget.hasBudgetPercent() ? budget.getBudgetPercent().getValue() : 20,
                or(budget.hasMinRetryConcurrency(), budget.getMinRetryConcurrency(), 3));
    }

    private static int perHost(CircuitBreakers breakers, RoutingPriority priority) {
        return breakers.getPerHostThresholdsList().stream()
                .filter(limits -> limits.getPriority() == priority && limits.hasMaxConnections())
                .mapToInt(limits -> limits.getMaxConnections().getValue())
                .findFirst()
                .orElse(Integer.MAX_VALUE);
    }

    private static int or(boolean has, @Nullable UInt32Value value, int otherwise) {
        return has && value != null ? value.getValue() : otherwise;
    }

    private static java.time.Duration duration(Duration duration) {
        return java.time.Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
