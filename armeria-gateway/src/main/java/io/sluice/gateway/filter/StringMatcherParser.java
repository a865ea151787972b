package io.sluice.gateway.filter;

import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sluice.gateway.route.ValueMatcher;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;

/** Reads a string matcher as routes do: their parser stands left of this package, so whoever wires passes it in. */
@FunctionalInterface
public interface StringMatcherParser {
    Optional<ValueMatcher> parse(StringMatcher matcher, Problems problems);
}
