package io.sluice.gateway.filter;

import com.google.re2j.Pattern;
import io.sluice.gateway.route.UriTemplate;
import io.sluice.gateway.upstream.CallPolicy;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happens with a request. */
public sealed interface RouteAction {
    /**
     * It goes on to a cluster.
     *
     * @param hash what a balancer that hashes goes by
     * @param mirrors which get a copy
     * @param missingClusterStatus answered where there is no such cluster
     * @param upgrades to what it may be upgraded
     * @param grpcDeadline how far a gRPC caller's header stands for the timeout; null for not at all
     * @param appendForwardedHost whether a rewritten host is kept in x-forwarded-host
     */
    record Forward(
            ClusterChoice cluster,
            PathRewrite path,
            HostRewrite host,
            CallPolicy policy,
            List<HashStep> hash,
            List<MirrorTarget> mirrors,
            int missingClusterStatus,
            Upgrades upgrades,
            boolean appendForwardedHost,
            @Nullable GrpcDeadline grpcDeadline)
            implements RouteAction {}

    /**
     * @param max zero for no limit
     * @param offset taken off what the caller asks for
     */
    record GrpcDeadline(Duration max, Duration offset) {
        /** @param asked null for a caller without the header; @return zero for ever */
        public Duration timeout(@Nullable Duration asked) {
            Duration timeout = asked == null ? Duration.ZERO : asked;
            if (offset.compareTo(timeout) < 0) {
                timeout = timeout.minus(offset);
            }
            return !max.isZero() && (timeout.isZero() || timeout.compareTo(max) > 0) ? max : timeout;
        }
    }

    /** Which cluster. */
    sealed interface ClusterChoice {
        record Named(String cluster) implements ClusterChoice {}

        /**
         * @param total of the weights, at least 1
         * @param numberHeader whose number stands for the random one; empty for none
         */
        record Weighted(List<Share> shares, long total, String numberHeader) implements ClusterChoice {
            public Weighted {
                shares = List.copyOf(shares);
            }

            /** @param random at least 0 */
            public Share share(long random) {
                long point = random % total;
                for (Share share : shares) {
                    point -= share.weight();
                    if (point < 0) {
                        return share;
                    }
                }
                throw new IllegalStateException("weights beyond their total");
            }
        }

        /**
         * With the mutations of all levels, the share's own among them.
         *
         * @param cluster empty where a header names it
         * @param host set before the route's rewrite; empty for none
         * @param configs as {@link Route#configs}, with the share as the most specific level
         */
        record Share(
                String cluster,
                String clusterHeader,
                String host,
                long weight,
                HeaderMutations requestHeaders,
                HeaderMutations responseHeaders,
                List<@Nullable Object> configs) {}

        record FromHeader(String header) implements ClusterChoice {}
    }

    /**
     * Where a copy of some requests goes.
     *
     * @param header that names the cluster where {@code cluster} is empty
     * @param fraction of requests that are copied; null for all
     * @param marks whether the copy's host says that it is one
     */
    record MirrorTarget(
            String cluster,
            String header,
            io.sluice.gateway.route.RouteMatch.@Nullable Fraction fraction,
            boolean marks) {}

    /** @param terminal what follows does not count when there is a hash by then */
    record HashStep(HashMethod method, boolean terminal) {}

    /** What of a request is hashed. */
    sealed interface HashMethod {
        /** All values of a header. @param pattern what is replaced in each before; null for nothing */
        record Header(String name, @Nullable Pattern pattern, String substitution) implements HashMethod {
            public String rewritten(String value) {
                return pattern == null ? value : pattern.matcher(value).replaceAll(substitution);
            }
        }

        /** @param ttl null means that one who has no such cookie gets none */
        record Cookie(String name, @Nullable Duration ttl, String path, List<Attribute> attributes)
                implements HashMethod {
            public Cookie {
                attributes = List.copyOf(attributes);
            }
        }

        /** @param value empty where the name alone is written */
        record Attribute(String name, String value) {}

        record SourceIp() implements HashMethod {}

        record Query(String name) implements HashMethod {}
    }

    /** What becomes of the path; the query stays. */
    sealed interface PathRewrite {
        record Keep() implements PathRewrite {}

        /** @param matched how much of the path is replaced; -1 means all of it (an exact match) */
        record Prefix(int matched, String replacement) implements PathRewrite {}

        record Template(UriTemplate.Rewrite rewrite) implements PathRewrite {}

        /** All matches, {@code \1} for a group. */
        record Regex(Pattern pattern, String substitution) implements PathRewrite {}
    }

    /** What becomes of the authority. */
    sealed interface HostRewrite {
        record Keep() implements HostRewrite {}

        record Literal(String host) implements HostRewrite {}

        /** The endpoint's hostname, where it has one. */
        record Auto() implements HostRewrite {}

        record FromHeader(String header) implements HostRewrite {}

        /** What a regex makes of the path without its query. */
        record FromPath(Pattern pattern, String substitution) implements HostRewrite {}
    }

    /**
     * The caller is sent elsewhere.
     *
     * @param port 0 leaves it
     * @param path replaces path and, where it has a {@code ?}, query
     */
    record Redirect(
            int status,
            @Nullable String scheme,
            boolean toHttps,
            @Nullable String host,
            int port,
            @Nullable String path,
            PathRewrite rewrite,
            boolean stripQuery)
            implements RouteAction {}

    record Direct(int status, String body) implements RouteAction {}
}
