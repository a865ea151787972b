package io.sluice.gateway.cluster;

import com.google.protobuf.Any;
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
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.core.v3.UpstreamHttpProtocolOptions;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.sluice.gateway.cluster.ClusterSpec.Discovery;
import io.sluice.gateway.cluster.ClusterSpec.Protocol;
import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.cluster.health.HealthCheckPolicy;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.secret.UpstreamTls;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns Envoy's Cluster into a {@link ClusterSpec}, with Envoy's defaults where a field is not set. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
public final class ClusterParser {
    private static final String HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private final DiscoveryParser sources = new DiscoveryParser();
    private final LbPolicyParser policies = new LbPolicyParser();
    private final TlsContextParser tls;

    public ClusterParser(TlsContextParser tls) {
        this.tls = tls;
    }

    /**
     * @param own whether the bootstrap says it, and may name any file
     * @return empty when something was reported
     */
    public Optional<ClusterSpec> parse(Cluster cluster, boolean own, Problems problems) {
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
        Sockets sockets = sockets(cluster, http, own, problems);
        if (!checks.isEmpty() && !sockets.areClear()) {
            problems.wrong("health_checks", "checks of endpoints that speak TLS are not supported by armeria-gateway");
        }
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
                        cluster.getCloseConnectionsOnHostHealthFailure()),
                sockets));
    }

    private Sockets sockets(Cluster cluster, Http http, boolean own, Problems problems) {
        List<Sockets.Match> matches = new ArrayList<>();
        for (int i = 0; i < cluster.getTransportSocketMatchesCount(); i++) {
            var match = cluster.getTransportSocketMatches(i);
            matches.add(new Sockets.Match(
                    LoadAssignmentParser.texts(match.getMatch()),
                    socket(
                            match.getTransportSocket(),
                            own,
                            problems.at("transport_socket_matches[" + i + "]").at("transport_socket"))));
        }
        return new Sockets(
                matches,
                cluster.hasTransportSocket()
                        ? socket(cluster.getTransportSocket(), own, problems.at("transport_socket"))
                        : null,
                http.autoSni(),
                http.autoSan());
    }

    private @Nullable UpstreamTls socket(TransportSocket socket, boolean own, Problems problems) {
        Any config = socket.getTypedConfig();
        try {
            if (config.is(UpstreamTlsContext.class)) {
                return tls.upstream(
                                config.unpack(UpstreamTlsContext.class),
                                own,
                                problems.at("typed_config<UpstreamTlsContext>"))
                        .orElse(null);
            }
            if (config.is(RawBuffer.class)) {
                return null;
            }
        } catch (InvalidProtocolBufferException e) {
            problems.wrong("typed_config", String.valueOf(e.getMessage()));
            return null;
        }
        problems.unsupported("typed_config", config.getTypeUrl());
        return null;
    }

    private record Http(
            Protocol protocol,
            HttpProtocolOptions common,
            Connections.Http1 http1,
            Connections.Http2 http2,
            boolean autoSni,
            boolean autoSan) {}

    private static Http http(Cluster cluster, Problems problems) {
        Protocol protocol = Protocol.HTTP1;
        HttpProtocolOptions common = cluster.getCommonHttpProtocolOptions();
        Http1ProtocolOptions http1 = cluster.getHttpProtocolOptions();
        Http2ProtocolOptions http2 = cluster.getHttp2ProtocolOptions();
        UpstreamHttpProtocolOptions names = cluster.getUpstreamHttpProtocolOptions();
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
                names = options.getUpstreamHttpProtocolOptions();
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
                http2(http2),
                names.getAutoSni(),
                names.getAutoSanValidation());
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
                or(common.hasMaxHeadersCount(), common.getMaxHeadersCount(), Connections.DEFAULT.maxHeaders()),
                common.hasMaxResponseHeadersKb()
                        ? 1024 * common.getMaxResponseHeadersKb().getValue()
                        : Connections.DEFAULT.maxHeadBytes(),
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
