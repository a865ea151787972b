package io.sluice.xdsserver.translate.filter;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.ratelimit.v3.RateLimitServiceConfig;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.type.metadata.v3.MetadataKey;
import io.envoyproxy.envoy.type.v3.HttpStatus;
import io.envoyproxy.envoy.type.v3.StatusCode;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.RouteRule.Limit;
import java.time.Duration;
import java.util.Optional;

/** {@code limit:} of a route. The limit travels in its descriptor: docs/adr/0002-limits-describe-themselves.md. */
public final class RateLimitFilterTranslator implements HttpFilterTranslator {
    /** The rate limit service; a gateway with a limiter of its own asks that in its place. */
    public static final String CLUSTER = "sluice_rate_limit";

    private static final String DOMAIN = "sluice";
    private static final String KEY = "sluice_limit";

    /** Envoy's default, 20 ms, is less than a pause of the service's JVM on a busy machine; the service itself answers after 5 ms at the latest. */
    private static final Duration TIMEOUT = Duration.ofMillis(100);

    /**
     * Where a service is known, requests pass while it is away: the service has its own policy for faults behind it. Where none is known,
     * a gateway without a limiter of its own answers 503, since a limit that nobody counts must not look like one.
     */
    @Override
    public Optional<HttpFilter> filter(FilterScope scope) {
        if (!scope.ownLimiter() && !scope.limitService()) {
            return Optional.empty();
        }
        RateLimit.Builder limits = RateLimit.newBuilder()
                .setDomain(DOMAIN)
                .setTimeout(Durations.fromMillis(TIMEOUT.toMillis()))
                .setRateLimitService(RateLimitServiceConfig.newBuilder()
                        .setTransportApiVersion(ApiVersion.V3)
                        .setGrpcService(GrpcService.newBuilder()
                                .setEnvoyGrpc(GrpcService.EnvoyGrpc.newBuilder().setClusterName(CLUSTER))));
        if (!scope.limitService()) {
            limits.setFailureModeDeny(true)
                    .setStatusOnError(HttpStatus.newBuilder().setCode(StatusCode.ServiceUnavailable));
        }
        return Optional.of(HttpFilter.newBuilder()
                .setName("envoy.filters.http.ratelimit")
                .setTypedConfig(Any.pack(limits.build()))
                .build());
    }

    @Override
    public Optional<Refusal> refuse(RouteRule rule, FilterScope scope) {
        return rule.limits().isEmpty() || scope.ownLimiter() || scope.limitService()
                ? Optional.empty()
                : Optional.of(new Refusal(
                        "has a limit, and these nodes know no rate limit service", "the setting rate-limit HOST:PORT"));
    }

    @Override
    public void translate(RouteRule rule, RouteAction.Builder action) {
        for (Limit limit : rule.limits()) {
            action.addRateLimits(rateLimit(limit));
        }
    }

    private static io.envoyproxy.envoy.config.route.v3.RateLimit rateLimit(Limit limit) {
        var descriptor = io.envoyproxy.envoy.config.route.v3.RateLimit.newBuilder()
                .addActions(Action.newBuilder()
                        .setGenericKey(Action.GenericKey.newBuilder()
                                .setDescriptorKey(KEY)
                                .setDescriptorValue(limit.name() + ":" + limit.requests() + "/" + unit(limit.unit()))));
        switch (limit.per()) {
            case Limit.Key.Everyone everyone -> {}
            case Limit.Key.Address address ->
                descriptor.addActions(Action.newBuilder().setRemoteAddress(Action.RemoteAddress.getDefaultInstance()));
            case Limit.Key.Header header ->
                descriptor.addActions(Action.newBuilder()
                        .setRequestHeaders(Action.RequestHeaders.newBuilder()
                                .setHeaderName(header.name())
                                .setDescriptorKey(header.name())));
            case Limit.Key.Claim claim ->
                descriptor.addActions(Action.newBuilder()
                        .setMetadata(Action.MetaData.newBuilder()
                                .setDescriptorKey(claim.name())
                                .setMetadataKey(MetadataKey.newBuilder()
                                        .setKey(JwtAuthnFilterTranslator.NAMESPACE)
                                        .addPath(segment(JwtAuthnFilterTranslator.PAYLOAD))
                                        .addPath(segment(claim.name())))));
        }
        return descriptor.build();
    }

    private static MetadataKey.PathSegment segment(String key) {
        return MetadataKey.PathSegment.newBuilder().setKey(key).build();
    }

    private static String unit(Duration unit) {
        return switch ((int) unit.toSeconds()) {
            case 1 -> "second";
            case 60 -> "minute";
            case 3600 -> "hour";
            case 86400 -> "day";
            default ->
                throw new IllegalArgumentException("unit: " + unit + " (expected: a second, minute, hour or day)");
        };
    }
}
