package io.sluice.gateway.filter.healthcheck;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.Clusters;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.Piece;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.health_check}. Source: {@code health_check.cc}. */
final class HealthCheckFilter implements HttpFilter {
    private final Checks checks;
    private boolean asked;
    private @Nullable LocalReply answer;

    private HealthCheckFilter(Checks checks) {
        this.checks = checks;
    }

    /**
     * @param tests which requests are meant: all must hold
     * @param cache of what the upstream said; null for none
     * @param minHealthy of clusters, percent
     */
    record Checks(
            boolean passThrough,
            @Nullable Cache cache,
            Map<String, Double> minHealthy,
            List<Predicate<RequestHeaders>> tests,
            Clusters clusters,
            String localCluster) {
        Checks {
            minHealthy = Map.copyOf(minHealthy);
            tests = List.copyOf(tests);
        }
    }

    /** What the upstream answered last, for a while. Any thread. */
    static final class Cache {
        private final long nanos;
        private final LongSupplier nanoTime;
        private final AtomicReference<@Nullable Entry> entry = new AtomicReference<>();

        private record Entry(int status, long untilNanos) {}

        Cache(long nanos, LongSupplier nanoTime) {
            this.nanos = nanos;
            this.nanoTime = nanoTime;
        }

        void put(int status) {
            entry.set(new Entry(status, nanoTime.getAsLong() + nanos));
        }

        /** 0 for nothing. */
        int status() {
            Entry known = entry.get();
            return known == null || nanoTime.getAsLong() - known.untilNanos() >= 0 ? 0 : known.status();
        }
    }

    record Factory(String name, Checks checks) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(
                    Phase.REQUEST_HEADERS, Phase.REQUEST_DATA, Phase.REQUEST_TRAILERS, Phase.RESPONSE_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new HealthCheckFilter(checks);
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        RequestHeaders built = exchange.requestHeaders();
        if (!checks.tests().stream().allMatch(test -> test.test(built))) {
            return Next.CONTINUE;
        }
        asked = true;
        exchange.markHealthCheck();
        int known = checks.cache() == null ? 0 : checks.cache().status();
        if (checks.passThrough() && known == 0) {
            return Next.CONTINUE;
        }
        answer = known == 0 ? ofClusters() : reply(known, known < 300, "health_check_cached");
        if (!end) {
            return Next.STOP_AND_BUFFER;
        }
        exchange.reply(answer);
        return Next.PAUSE;
    }

    /** The answer waits for the request's end, so that its connection goes on. */
    @Override
    public Next onRequestData(Exchange exchange, Piece piece) {
        if (answer == null) {
            return Next.CONTINUE;
        }
        piece.replace(HttpData.empty());
        if (!piece.isEnd()) {
            return Next.STOP_AND_BUFFER;
        }
        exchange.reply(answer);
        return Next.PAUSE;
    }

    @Override
    public Next onRequestTrailers(Exchange exchange, HttpHeadersBuilder trailers) {
        if (answer == null) {
            return Next.CONTINUE;
        }
        exchange.reply(answer);
        return Next.PAUSE;
    }

    private LocalReply ofClusters() {
        for (Map.Entry<String, Double> wanted : checks.minHealthy().entrySet()) {
            Cluster cluster = checks.clusters().get(wanted.getKey());
            if (cluster == null) {
                return reply(503, false, "health_check_failed_no_cluster_found");
            }
            long all = 0;
            long well = 0;
            for (LiveEndpoint endpoint : cluster.endpoints()) {
                all++;
                well += endpoint.isHealthy() || endpoint.isDegraded() ? 1 : 0;
            }
            if (all == 0 && wanted.getValue() > 0) {
                return reply(503, false, "health_check_failed_cluster_empty");
            }
            if (100 * well < all * wanted.getValue()) {
                return reply(503, false, "health_check_failed_cluster_unhealthy");
            }
        }
        return reply(200, true, checks.minHealthy().isEmpty() ? "health_check_ok" : "health_check_ok_cluster_healthy");
    }

    private static LocalReply reply(int status, boolean well, String details) {
        return well ? LocalReply.of(status, "", details) : LocalReply.of(status, "", details, ResponseFlag.LH);
    }

    @Override
    public Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        if (asked) {
            if (answer == null && checks.cache() != null) {
                checks.cache().put(headers.status().code());
            }
            headers.set("x-envoy-upstream-healthchecked-cluster", checks.localCluster());
        }
        return Next.CONTINUE;
    }
}
