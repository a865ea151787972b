package io.sluice.gateway.filter.healthcheck;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.extensions.filters.http.health_check.v3.HealthCheck;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.cluster.Clusters;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** Reads Envoy's {@code envoy.extensions.filters.http.health_check.v3}. */
public final class HealthCheckFilterParser implements HttpFilterParser {
    private final HeaderTestParser headers;
    private final Clusters clusters;
    private final String localCluster;
    private final LongSupplier nanoTime;

    /** @param localCluster this node's own cluster, which answers carry */
    public HealthCheckFilterParser(
            HeaderTestParser headers, Clusters clusters, String localCluster, LongSupplier nanoTime) {
        this.headers = headers;
        this.clusters = clusters;
        this.localCluster = localCluster;
        this.nanoTime = nanoTime;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return HttpFilterParser.unpack(config, HealthCheck.class, problems)
                .flatMap(message -> checks(message, problems))
                .map(checks -> new HealthCheckFilter.Factory(name, checks));
    }

    private Optional<HealthCheckFilter.Checks> checks(HealthCheck message, Problems problems) {
        boolean passThrough = message.getPassThroughMode().getValue();
        long cacheNanos = Durations.toNanos(message.getCacheTime());
        if (!passThrough && cacheNanos > 0) {
            return problems.expected(
                    "cache_time", Durations.toString(message.getCacheTime()), "only with pass_through_mode");
        }
        List<Predicate<RequestHeaders>> tests = new ArrayList<>();
        for (int i = 0; i < message.getHeadersCount(); i++) {
            headers.parse(message.getHeaders(i), problems.at("headers[" + i + "]"))
                    .ifPresent(tests::add);
        }
        Map<String, Double> minHealthy = new HashMap<>();
        message.getClusterMinHealthyPercentagesMap()
                .forEach((cluster, percent) -> minHealthy.put(cluster, percent.getValue()));
        return tests.size() < message.getHeadersCount()
                ? Optional.empty()
                : Optional.of(new HealthCheckFilter.Checks(
                        passThrough,
                        passThrough && cacheNanos > 0 ? new HealthCheckFilter.Cache(cacheNanos, nanoTime) : null,
                        minHealthy,
                        tests,
                        clusters,
                        localCluster));
    }
}
