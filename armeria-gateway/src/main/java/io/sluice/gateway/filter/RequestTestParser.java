package io.sluice.gateway.filter;

import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;

/** Reads a match as routes do: their parser stands left of this package, so whoever wires passes it in. */
@FunctionalInterface
public interface RequestTestParser {
    Optional<RequestTest> parse(RouteMatch match, Problems problems);
}
