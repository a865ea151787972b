package io.sluice.gateway.accesslog;

import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;
import java.util.function.Predicate;

/** How a header filter's matcher is read: by the same parser as a route's, which stands left of this package. */
@FunctionalInterface
public interface HeaderTestParser {
    Optional<? extends Predicate<RequestHeaders>> parse(HeaderMatcher matcher, Problems problems);
}
