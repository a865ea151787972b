package io.sluice.gateway.filter;

import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.sluice.gateway.route.HeaderMatcher;
import io.sluice.gateway.route.RouteRequest;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a match leads: the action, and what route, virtual host and table say beside it, resolved for one filter chain. Immutable.
 *
 * @param name empty when not given
 * @param requestHeaders applied by the router, in Envoy's order
 * @param responseHeaders applied to answers of upstreams, redirects and direct responses
 * @param idleTimeout of the stream, in place of the connection manager's; null leaves that
 * @param configs per place in the chain: the filter's per-route configuration, null where there is none, {@link #DISABLED} where the filter is off
 * @param known what the virtual host says of its requests
 * @param lasting how long a stream may last
 * @param fields per place in the chain: what the filter read of the route's own fields
 */
public record Route(
        String name,
        String virtualHost,
        RouteAction action,
        HeaderMutations requestHeaders,
        HeaderMutations responseHeaders,
        boolean countAttempts,
        boolean tellAttempts,
        @Nullable Duration idleTimeout,
        List<@Nullable Object> configs,
        List<@Nullable Object> fields,
        Lasting lasting,
        Known known) {
    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

    /** The filter does not take part in exchanges of this route. */
    public static final Object DISABLED = new Object();

    /**
     * What a virtual host says of its requests.
     *
     * @param tellTimeoutRetries whether upstreams learn that an attempt follows one that took too long
     */
    public record Known(List<VirtualCluster> virtualClusters, boolean tellTimeoutRetries) {
        public static final Known NOTHING = new Known(List.of(), false);

        public Known {
            virtualClusters = List.copyOf(virtualClusters);
        }

        /** Empty for none of them. */
        public String virtualCluster(RouteRequest request) {
            for (VirtualCluster cluster : virtualClusters) {
                if (cluster.headers().stream().allMatch(header -> header.matches(request))) {
                    return cluster.name();
                }
            }
            return "";
        }
    }

    /** A name for requests with such headers. */
    public record VirtualCluster(String name, List<HeaderMatcher> headers) {
        public VirtualCluster {
            headers = List.copyOf(headers);
        }
    }

    /**
     * The part of weighted clusters that a request goes to: by the number in the header that the weights name, else by its own random one; null
     * where there are no weights.
     */
    public RouteAction.ClusterChoice.@Nullable Share share(RequestHeadersBuilder headers, long random) {
        if (!(action instanceof RouteAction.Forward forward)
                || !(forward.cluster() instanceof RouteAction.ClusterChoice.Weighted weighted)) {
            return null;
        }
        if (!weighted.numberHeader().isEmpty()) {
            List<String> values = headers.getAll(weighted.numberHeader());
            if (values.size() == 1 && NUMBER.matcher(values.getFirst()).matches()) {
                return weighted.share(Long.parseLong(values.getFirst()));
            }
        }
        return weighted.share(random);
    }

    /**
     * How long a stream may last.
     *
     * @param max in place of the connection manager's, zero for ever; null leaves that
     * @param grpcMax of what a gRPC caller asks for in its header, zero for no limit; null heeds no header
     * @param grpcOffset taken off what it asks for
     */
    public record Lasting(@Nullable Duration max, @Nullable Duration grpcMax, Duration grpcOffset) {
        public static final Lasting AS_THE_MANAGER_SAYS = new Lasting(null, null, Duration.ZERO);

        /** @param manager what holds where the route says nothing; @return zero for ever */
        public Duration limit(Duration manager, @Nullable Duration asked) {
            if (asked == null || grpcMax == null) {
                return max == null ? manager : max;
            }
            Duration limit = !grpcMax.isZero() && grpcMax.compareTo(asked) < 0 ? grpcMax : asked;
            return grpcOffset.compareTo(limit) < 0 ? limit.minus(grpcOffset) : Duration.ofNanos(1);
        }
    }
}
