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

    /** The first condition that the request does not meet, the path before the others; null where it meets all. */
    public @Nullable Condition unmet(RouteRequest request) {
        return path.matches(request.path()) ? unmetBesidePath(request) : path;
    }

    /** In Envoy's order. */
    private @Nullable Condition unmetBesidePath(RouteRequest request) {
        if (fraction != null && !fraction.hit(request.random())) {
            return fraction;
        }
        if (grpc && !isGrpc(request.header("content-type"))) {
            return Grpc.ONLY;
        }
        for (HeaderMatcher header : headers) {
            if (!header.matches(request)) {
                return header;
            }
        }
        for (QueryMatcher parameter : query) {
            if (!parameter.matches(request)) {
                return parameter;
            }
        }
        if (certificate != null && !certificate.matches(request)) {
            return certificate;
        }
        for (MetadataMatcher found : metadata) {
            if (!found.matches(request)) {
                return found;
            }
        }
        return null;
    }

    /** The cheaper test first: which one fails does not show. */
    public boolean matches(RouteRequest request) {
        return path instanceof PathMatcher.Regex
                ? unmetBesidePath(request) == null && path.matches(request.path())
                : unmet(request) == null;
    }

    private static boolean isGrpc(List<String> contentType) {
        if (contentType.isEmpty()) {
            return false;
        }
        String type = contentType.getFirst();
        return type.startsWith("application/grpc") && (type.length() == 16 || type.charAt(16) == '+');
    }

    /** That the request is gRPC's. */
    public enum Grpc implements Condition {
        ONLY
    }

    /**
     * A caller in clear text shows none.
     *
     * @param shown null where that is not asked
     */
    public record CallersCertificate(
            @Nullable Boolean shown, @Nullable Boolean valid) implements Condition {
        boolean matches(RouteRequest request) {
            return (shown == null || shown == request.hasCertificate())
                    && (valid == null || valid == request.hasValidCertificate());
        }
    }

    /** @param denominator 100, 10 000 or 1 000 000 */
    public record Fraction(long numerator, long denominator) implements Condition {
        public boolean hit(long random) {
            return random % denominator < numerator;
        }
    }
}
