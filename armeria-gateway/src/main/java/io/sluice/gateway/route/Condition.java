package io.sluice.gateway.route;

/** One of the things that a {@link RouteMatch} asks of a request. */
public sealed interface Condition
        permits PathMatcher,
                HeaderMatcher,
                QueryMatcher,
                MetadataMatcher,
                RouteMatch.Grpc,
                RouteMatch.Fraction,
                RouteMatch.CallersCertificate {}
