package io.sluice.gateway.filter.ratelimit;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit.XRateLimitHeadersRFCVersion;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.ratelimit.RateLimiter;
import io.sluice.gateway.upstream.GrpcCalls;
import io.sluice.gateway.xds.Problems;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Reads Envoy's {@code envoy.extensions.filters.http.ratelimit.v3}. */
public final class RateLimitFilterParser implements HttpFilterParser {
    private static final Duration DEFAULT_TIMEOUT = Duration.ofMillis(20);
    private static final int MAX_STAGE = 10;
    private static final int RESOURCE_EXHAUSTED = 8;

    private final Optional<RateLimiter> engine;
    private final String engineCluster;
    private final GrpcCalls calls;
    private final RouteLimitParser limits;
    private final RateLimitStats stats;

    /**
     * @param engine of this process; empty where it is no limiter member
     * @param engineCluster a filter that names this cluster as its service asks the engine directly
     * @param localCluster this node's own cluster, for the action {@code source_cluster}
     */
    public RateLimitFilterParser(
            Optional<RateLimiter> engine,
            String engineCluster,
            GrpcCalls calls,
            HeaderTestParser headerTests,
            String localCluster,
            MeterRegistry metrics) {
        this.engine = engine;
        this.engineCluster = engineCluster;
        this.calls = calls;
        limits = new RouteLimitParser(headerTests, localCluster);
        stats = new RateLimitStats(metrics);
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        Optional<RateLimit> unpacked = HttpFilterParser.unpack(config, RateLimit.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        RateLimit message = unpacked.get();
        Optional<RateLimitFilter.Settings> settings = settings(message, problems);
        return settings.flatMap(read -> source(
                        message.getRateLimitService().getGrpcService(),
                        read.timeout(),
                        problems.at("rate_limit_service").at("grpc_service"))
                .map(source -> new RateLimitFilter.Factory(name, read, source, stats)));
    }

    private static Optional<RateLimitFilter.Settings> settings(RateLimit message, Problems problems) {
        if (message.getDomain().isEmpty()) {
            return problems.expected("domain", "''", "the name of a tree of limits");
        }
        if (message.getStage() < 0 || message.getStage() > MAX_STAGE) {
            return problems.expected("stage", Integer.toUnsignedLong(message.getStage()), "0..10");
        }
        int limited = message.getRateLimitedStatus().getCodeValue();
        int onError = message.getStatusOnError().getCodeValue();
        return requestType(message.getRequestType(), problems)
                .map(type -> new RateLimitFilter.Settings(
                        message.getDomain(),
                        message.getStage(),
                        type,
                        message.hasTimeout()
                                ? Duration.ofNanos(Durations.toNanos(message.getTimeout()))
                                : DEFAULT_TIMEOUT,
                        message.getFailureModeDeny(),
                        onError == 0 ? 500 : onError,
                        limited < 400 ? 429 : limited,
                        message.getRateLimitedAsResourceExhausted() ? RESOURCE_EXHAUSTED : null,
                        message.getEnableXRatelimitHeaders() == XRateLimitHeadersRFCVersion.DRAFT_VERSION_03,
                        !message.getDisableXEnvoyRatelimitedHeader()));
    }

    private static Optional<RateLimitFilter.RequestType> requestType(String word, Problems problems) {
        return switch (word) {
            case "", "both" -> Optional.of(RateLimitFilter.RequestType.BOTH);
            case "internal" -> Optional.of(RateLimitFilter.RequestType.INTERNAL);
            case "external" -> Optional.of(RateLimitFilter.RequestType.EXTERNAL);
            default -> problems.expected("request_type", word, "internal, external or both");
        };
    }

    private Optional<LimitSource> source(GrpcService service, Duration timeout, Problems problems) {
        if (!service.hasEnvoyGrpc()) {
            return problems.unsupported("target_specifier", service.getTargetSpecifierCase());
        }
        String cluster = service.getEnvoyGrpc().getClusterName();
        if (cluster.isEmpty()) {
            return problems.at("envoy_grpc").expected("cluster_name", "''", "a cluster's name");
        }
        if (!service.getEnvoyGrpc().getAuthority().isEmpty()) {
            return problems.at("envoy_grpc").unsupported("authority");
        }
        if (engine.isPresent() && cluster.equals(engineCluster)) {
            return Optional.of(LimitSource.engine(engine.get()));
        }
        Map<String, String> metadata = new HashMap<>();
        for (HeaderValue header : service.getInitialMetadataList()) {
            metadata.put(header.getKey(), header.getValue());
        }
        return Optional.of(LimitSource.service(calls, cluster, Map.copyOf(metadata), timeout));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        Optional<RateLimitPerRoute> unpacked = HttpFilterParser.unpack(config, RateLimitPerRoute.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        RateLimitPerRoute message = unpacked.get();
        for (int i = 0; i < message.getRateLimitsCount(); i++) {
            if (message.getRateLimits(i).hasStage()) {
                return problems.at("rate_limits[" + i + "]").unsupported("stage");
            }
        }
        return virtualHostLimits(message, problems)
                .flatMap(ofHost -> limits.limits(message.getRateLimitsList(), problems)
                        .map(own -> new RouteLimit.PerRoute(ofHost, own, message.getDomain())));
    }

    private static Optional<RouteLimit.VirtualHostLimits> virtualHostLimits(
            RateLimitPerRoute message, Problems problems) {
        return switch (message.getVhRateLimits()) {
            case OVERRIDE -> Optional.of(RouteLimit.VirtualHostLimits.OVERRIDE);
            case INCLUDE -> Optional.of(RouteLimit.VirtualHostLimits.INCLUDE);
            case IGNORE -> Optional.of(RouteLimit.VirtualHostLimits.IGNORE);
            case UNRECOGNIZED -> problems.unsupported("vh_rate_limits", message.getVhRateLimitsValue());
        };
    }

    @Override
    public Optional<Object> parseRouteFields(VirtualHost virtualHost, Route route, Problems problems) {
        return limits.ofRoute(virtualHost, route, problems).map(fields -> fields);
    }
}
