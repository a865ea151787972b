package io.sluice.gateway.filter.localratelimit;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.XRateLimitHeadersRFCVersion;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.filter.FractionParser;
import io.sluice.gateway.filter.HeaderMutationParser;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.localratelimit.LocalRateLimitFilter.Limits;
import io.sluice.gateway.filter.localratelimit.LocalRateLimitFilter.Stats;
import io.sluice.gateway.filter.ratelimit.RouteLimit;
import io.sluice.gateway.filter.ratelimit.RouteLimitParser;
import io.sluice.gateway.ratelimit.Descriptor;
import io.sluice.gateway.xds.Problems;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Reads Envoy's {@code envoy.extensions.filters.http.local_ratelimit.v3}. */
public final class LocalRateLimitFilterParser implements HttpFilterParser {
    private static final long MIN_FILL_MILLIS = 50;

    private final RouteLimitParser routeLimits;
    private final MeterRegistry metrics;
    private final LongSupplier nanoTime;
    private final LongSupplier random;

    /**
     * @param localCluster this node's own cluster, for the action {@code source_cluster}
     * @param random at least 0
     */
    public LocalRateLimitFilterParser(
            HeaderTestParser headers,
            String localCluster,
            MeterRegistry metrics,
            LongSupplier nanoTime,
            LongSupplier random) {
        routeLimits = new RouteLimitParser(headers, localCluster);
        this.metrics = metrics;
        this.nanoTime = nanoTime;
        this.random = random;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
    }

    @Override
    public String routeTypeUrl() {
        return typeUrl();
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return limits(config, false, problems).map(own -> new LocalRateLimitFilter.Factory(name, own, random));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        return limits(config, true, problems).map(limits -> limits);
    }

    @Override
    public Optional<Object> parseRouteFields(VirtualHost virtualHost, Route route, Problems problems) {
        return routeLimits.ofRoute(virtualHost, route, problems).map(fields -> fields);
    }

    private Optional<Limits> limits(Any config, boolean ofRoute, Problems problems) {
        return HttpFilterParser.unpack(config, LocalRateLimit.class, problems)
                .flatMap(message -> limits(message, ofRoute, problems));
    }

    private Optional<Limits> limits(LocalRateLimit message, boolean ofRoute, Problems problems) {
        if (ofRoute && !message.hasTokenBucket()) {
            return problems.expected(
                    "token_bucket", "nothing", "a bucket: the route's own configuration is all there is");
        }
        Optional<HeaderMutations> unenforced = HeaderMutationParser.adds(
                message.getRequestHeadersToAddWhenNotEnforcedList(),
                "request_headers_to_add_when_not_enforced",
                problems);
        Optional<HeaderMutations> response =
                HeaderMutationParser.adds(message.getResponseHeadersToAddList(), "response_headers_to_add", problems);
        Optional<List<RouteLimit>> own = routeLimits.limits(message.getRateLimitsList(), problems);
        Optional<RouteLimit.VirtualHostLimits> ofHost = switch (message.getVhRateLimits()) {
            case OVERRIDE -> Optional.of(RouteLimit.VirtualHostLimits.OVERRIDE);
            case INCLUDE -> Optional.of(RouteLimit.VirtualHostLimits.INCLUDE);
            case IGNORE -> Optional.of(RouteLimit.VirtualHostLimits.IGNORE);
            case UNRECOGNIZED -> problems.unsupported("vh_rate_limits", message.getVhRateLimitsValue());
        };
        Optional<Buckets> buckets = buckets(message, problems);
        if (unenforced.isEmpty() || response.isEmpty() || own.isEmpty() || ofHost.isEmpty() || buckets.isEmpty()) {
            return Optional.empty();
        }
        int status = message.getStatus().getCodeValue();
        return Optional.of(new Limits(
                buckets.get(),
                message.hasFilterEnabled() ? FractionParser.parse(message.getFilterEnabled()) : FractionParser.NEVER,
                message.hasFilterEnforced() ? FractionParser.parse(message.getFilterEnforced()) : FractionParser.NEVER,
                status < 400 ? 429 : status,
                message.getRateLimitedAsResourceExhausted(),
                unenforced.get(),
                response.get(),
                message.getEnableXRatelimitHeaders() == XRateLimitHeadersRFCVersion.DRAFT_VERSION_03,
                message.getStage(),
                new RouteLimit.PerRoute(ofHost.get(), own.get(), ""),
                stats(message.getStatPrefix())));
    }

    private Stats stats(String prefix) {
        return new Stats(
                counter("enabled", prefix),
                counter("ok", prefix),
                counter("rate_limited", prefix),
                counter("enforced", prefix));
    }

    private Counter counter(String outcome, String prefix) {
        return metrics.counter("envoy.http.local.rate.limit." + outcome, "envoy_local_http_ratelimit_prefix", prefix);
    }

    private Optional<Buckets> buckets(LocalRateLimit message, Problems problems) {
        Optional<TokenBucket> byDefault = message.hasTokenBucket()
                ? bucket(message.getTokenBucket(), problems.at("token_bucket"))
                : Optional.empty();
        Map<List<Descriptor.Entry>, TokenBucket> byDescriptor = new HashMap<>();
        for (int i = 0; i < message.getDescriptorsCount(); i++) {
            Problems at = problems.at("descriptors[" + i + "]");
            LocalRateLimitDescriptor descriptor = message.getDescriptors(i);
            List<Descriptor.Entry> entries = descriptor.getEntriesList().stream()
                    .map(entry -> Descriptor.entry(entry.getKey(), entry.getValue()))
                    .toList();
            if (entries.stream().anyMatch(entry -> entry.value().isEmpty())) {
                return at.unsupported("entries", "an entry without a value");
            }
            Optional<TokenBucket> bucket = bucket(descriptor.getTokenBucket(), at.at("token_bucket"));
            if (bucket.isPresent() && byDescriptor.put(entries, bucket.get()) != null) {
                return at.expected("entries", entries, "each descriptor once");
            }
        }
        boolean whole = message.hasTokenBucket() == byDefault.isPresent()
                && byDescriptor.size() == message.getDescriptorsCount();
        boolean always = !message.hasAlwaysConsumeDefaultTokenBucket()
                || message.getAlwaysConsumeDefaultTokenBucket().getValue();
        return whole ? Optional.of(new Buckets(byDefault.orElse(null), byDescriptor, always)) : Optional.empty();
    }

    private Optional<TokenBucket> bucket(io.envoyproxy.envoy.type.v3.TokenBucket message, Problems problems) {
        if (Durations.toMillis(message.getFillInterval()) < MIN_FILL_MILLIS) {
            return problems.expected("fill_interval", Durations.toString(message.getFillInterval()), "at least 50ms");
        }
        long perFill = message.hasTokensPerFill()
                ? Integer.toUnsignedLong(message.getTokensPerFill().getValue())
                : 1;
        return Optional.of(new TokenBucket(
                new TokenBucket.Size(
                        Integer.toUnsignedLong(message.getMaxTokens()),
                        perFill,
                        Durations.toNanos(message.getFillInterval())),
                nanoTime));
    }
}
