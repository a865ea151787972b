package io.sluice.gateway.compile;

import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.filter.StringMatcherParser;
import io.sluice.gateway.route.ValueMatcher;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;
import java.util.function.Predicate;

/** Matchers outside of routes mean what they mean in them. */
public final class RequestHeaderTestParser implements HeaderTestParser, StringMatcherParser {
    private final RouteMatchParser matches = new RouteMatchParser();

    @Override
    public Optional<Predicate<RequestHeaders>> parse(HeaderMatcher matcher, Problems problems) {
        return matches.header(matcher, problems)
                .map(parsed -> headers -> parsed.matches(headers.getAll(parsed.name())));
    }

    @Override
    public Optional<ValueMatcher> parse(StringMatcher matcher, Problems problems) {
        return RouteMatchParser.string(matcher, problems);
    }
}
