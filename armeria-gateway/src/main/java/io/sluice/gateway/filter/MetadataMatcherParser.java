package io.sluice.gateway.filter;

import io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;

/** Reads a metadata matcher as routes do: their parser stands left of this package, so whoever wires passes it in. */
@FunctionalInterface
public interface MetadataMatcherParser {
    Optional<io.sluice.gateway.route.MetadataMatcher> parse(MetadataMatcher matcher, Problems problems);
}
