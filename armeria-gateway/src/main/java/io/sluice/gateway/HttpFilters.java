package io.sluice.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.cluster.Clusters;
import io.sluice.gateway.compile.RequestHeaderTestParser;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.apikeyauth.ApiKeyAuthFilterParser;
import io.sluice.gateway.filter.basicauth.BasicAuthFilterParser;
import io.sluice.gateway.filter.buffer.BufferFilterParser;
import io.sluice.gateway.filter.compressor.CompressorFilterParser;
import io.sluice.gateway.filter.cors.CorsFilterParser;
import io.sluice.gateway.filter.csrf.CsrfFilterParser;
import io.sluice.gateway.filter.extauthz.ExtAuthzFilterParser;
import io.sluice.gateway.filter.fault.FaultFilterParser;
import io.sluice.gateway.filter.grpcweb.GrpcWebFilterParser;
import io.sluice.gateway.filter.headermutation.HeaderMutationFilterParser;
import io.sluice.gateway.filter.healthcheck.HealthCheckFilterParser;
import io.sluice.gateway.filter.jwt.JwtFilterParser;
import io.sluice.gateway.filter.localratelimit.LocalRateLimitFilterParser;
import io.sluice.gateway.filter.ratelimit.RateLimitFilterParser;
import io.sluice.gateway.filter.rbac.RbacFilterParser;
import io.sluice.gateway.filter.router.RouterFilterParser;
import io.sluice.gateway.ratelimit.RateLimiter;
import io.sluice.gateway.upstream.GrpcCalls;
import io.sluice.gateway.upstream.HttpCalls;
import io.sluice.gateway.upstream.Upstream;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/** The one list of filters. */
final class HttpFilters {
    /** A ratelimit filter that names this cluster asks the engine of its own process, where there is one. */
    private static final String LIMITER_CLUSTER = "sluice_rate_limit";

    private HttpFilters() {}

    static List<HttpFilterParser> all(
            Clusters clusters,
            Upstream upstream,
            GrpcCalls calls,
            HttpCalls httpCalls,
            Optional<RateLimiter> limiter,
            RequestHeaderTestParser matchers,
            String localCluster,
            MeterRegistry metrics) {
        LongSupplier random = () -> ThreadLocalRandom.current().nextLong() >>> 1;
        return List.of(
                new RateLimitFilterParser(limiter, LIMITER_CLUSTER, calls, matchers, localCluster, metrics),
                new HeaderMutationFilterParser(),
                new BufferFilterParser(),
                new CorsFilterParser(matchers, metrics, random),
                new CsrfFilterParser(matchers, metrics, random),
                new BasicAuthFilterParser(metrics),
                new ApiKeyAuthFilterParser(metrics),
                new ExtAuthzFilterParser(calls, httpCalls, matchers, metrics),
                new JwtFilterParser(matchers, matchers, httpCalls, metrics, InstantSource.system(), System::nanoTime),
                new RbacFilterParser(matchers, matchers, matchers, metrics),
                new FaultFilterParser(matchers, metrics, random),
                new CompressorFilterParser(metrics),
                new GrpcWebFilterParser(),
                new HealthCheckFilterParser(matchers, clusters, localCluster, System::nanoTime),
                new LocalRateLimitFilterParser(matchers, localCluster, metrics, System::nanoTime, random),
                new RouterFilterParser(clusters, upstream));
    }
}
