package io.sluice.gateway.compile;

import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;
import java.util.function.Predicate;

/** Header matchers outside of routes mean what they mean in them. */
public final class RequestHeaderTestParser implements HeaderTestParser {
    private final RouteMatchParser matches = new RouteMatchParser();

    @Override
    public Optional<Predicate<RequestHeaders>> parse(HeaderMatcher matcher, Problems problems) {
        return matches.header(matcher, problems)
                .map(parsed -> headers -> parsed.matches(headers.getAll(parsed.name())));
    }
}
