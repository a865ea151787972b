package io.sluice.gateway.accesslog;

import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;
import java.util.function.Predicate;

/** Reads a header matcher as routes do: their parser stands left of this package, so whoever wires passes it in. */
@FunctionalInterface
public interface HeaderTestParser {
    Optional<? extends Predicate<RequestHeaders>> parse(HeaderMatcher matcher, Problems problems);
}
