package io.sluice.gateway.route;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request must meet for a route to be its route.
 *
 * @param grpc only requests whose content-type is gRPC's
 * @param fraction only so many requests; null for all
 * @param certificate null where it is not asked for
 */
public record RouteMatch(
        PathMatcher path,
        List<HeaderMatcher> headers,
        List<QueryMatcher> query,
        boolean grpc,
        @Nullable Fraction fraction,
        List<MetadataMatcher> metadata,
        @Nullable CallersCertificate certificate) {
    public RouteMatch {
        headers = List.copyOf(headers);
        query = List.copyOf(query);
        metadata = List.copyOf(metadata);
    }

    public RouteMatch(
            PathMatcher path,
            List<HeaderMatcher> headers,
            List<QueryMatcher> query,
            boolean grpc,
            @Nullable Fraction fraction) {
        this(path, headers, query, grpc, fraction, List.of(), null);
    }

    /** Everything but the path, in Envoy's order. */
    boolean matchesBesidePath(RouteRequest request) {
        if (fraction != null && !fraction.hit(request.random())) {
            return false;
        }
        if (grpc && !isGrpc(request.header("content-type"))) {
            return false;
        }
        for (HeaderMatcher header : headers) {
            if (!header.matches(request)) {
                return false;
            }
        }
        for (QueryMatcher parameter : query) {
            if (!parameter.matches(request)) {
                return false;
            }
        }
        if (certificate != null && !certificate.matches(request)) {
            return false;
        }
        for (MetadataMatcher found : metadata) {
            if (!found.matches(request)) {
                return false;
            }
        }
        return true;
    }

    /** The cheaper test first: which one fails does not show. */
    public boolean matches(RouteRequest request) {
        return path instanceof PathMatcher.Regex
                ? matchesBesidePath(request) && path.matches(request.path())
                : path.matches(request.path()) && matchesBesidePath(request);
    }

    private static boolean isGrpc(List<String> contentType) {
        if (contentType.isEmpty()) {
            return false;
        }
        String type = contentType.getFirst();
        return type.startsWith("application/grpc") && (type.length() == 16 || type.charAt(16) == '+');
    }

    /**
     * A caller in clear text shows none.
     *
     * @param shown null where that is not asked
     */
    public record CallersCertificate(
            @Nullable Boolean shown, @Nullable Boolean valid) {
        boolean matches(RouteRequest request) {
            return (shown == null || shown == request.hasCertificate())
                    && (valid == null || valid == request.hasValidCertificate());
        }
    }

    /** @param denominator 100, 10 000 or 1 000 000 */
    public record Fraction(long numerator, long denominator) {
        public boolean hit(long random) {
            return random % denominator < numerator;
        }
    }
}
