package io.sluice.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.cluster.Clusters;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.ratelimit.RateLimitFilterParser;
import io.sluice.gateway.filter.router.RouterFilterParser;
import io.sluice.gateway.ratelimit.RateLimiter;
import io.sluice.gateway.upstream.GrpcCalls;
import io.sluice.gateway.upstream.Upstream;
import java.util.List;
import java.util.Optional;

/** The one list of filters. */
final class HttpFilters {
    /** A ratelimit filter that names this cluster asks the engine of its own process, where there is one. */
    private static final String LIMITER_CLUSTER = "sluice_rate_limit";

    private HttpFilters() {}

    static List<HttpFilterParser> all(
            Clusters clusters,
            Upstream upstream,
            GrpcCalls calls,
            Optional<RateLimiter> limiter,
            HeaderTestParser headerTests,
            String localCluster,
            MeterRegistry metrics) {
        return List.of(
                new RateLimitFilterParser(limiter, LIMITER_CLUSTER, calls, headerTests, localCluster, metrics),
                new RouterFilterParser(clusters, upstream));
    }
}
