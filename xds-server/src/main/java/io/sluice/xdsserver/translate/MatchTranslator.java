package io.sluice.xdsserver.translate;

import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sluice.sync.model.RouteRule.Match;
import io.sluice.sync.model.RouteRule.Path;
import io.sluice.sync.model.RouteRule.Value;
import java.util.List;

/** When a route is met. */
final class MatchTranslator {
    private MatchTranslator() {}

    static RouteMatch translate(Match match) {
        RouteMatch.Builder route = RouteMatch.newBuilder();
        switch (match.path()) {
            case Path.Exact exact -> route.setPath(exact.value());
            case Path.Prefix prefix -> route.setPrefix(prefix.value());
            case Path.SegmentPrefix segments -> route.setPathSeparatedPrefix(segments.value());
            case Path.Regex regex -> route.setSafeRegex(regex(regex.value()));
        }
        if (!match.methods().isEmpty()) {
            route.addHeaders(HeaderMatcher.newBuilder().setName(":method").setStringMatch(oneOf(match.methods())));
        }
        match.headers().forEach(header -> route.addHeaders(header(header)));
        match.query().forEach(parameter -> route.addQueryParameters(parameter(parameter)));
        return route.build();
    }

    private static StringMatcher oneOf(List<String> methods) {
        return methods.size() == 1
                ? StringMatcher.newBuilder().setExact(methods.get(0)).build()
                : StringMatcher.newBuilder()
                        .setSafeRegex(regex(String.join("|", methods)))
                        .build();
    }

    private static HeaderMatcher header(Value value) {
        HeaderMatcher.Builder matcher =
                HeaderMatcher.newBuilder().setName(value.name()).setInvertMatch(value.invert());
        if (value.kind() == Value.Kind.PRESENT) {
            matcher.setPresentMatch(true);
        } else {
            matcher.setStringMatch(string(value));
        }
        return matcher.build();
    }

    private static QueryParameterMatcher parameter(Value value) {
        QueryParameterMatcher.Builder matcher =
                QueryParameterMatcher.newBuilder().setName(value.name());
        if (value.kind() == Value.Kind.PRESENT) {
            matcher.setPresentMatch(true);
        } else {
            matcher.setStringMatch(string(value));
        }
        return matcher.build();
    }

    private static StringMatcher string(Value value) {
        StringMatcher.Builder matcher = StringMatcher.newBuilder();
        return switch (value.kind()) {
            case EXACT -> matcher.setExact(value.value()).build();
            case PREFIX -> matcher.setPrefix(value.value()).build();
            case SUFFIX -> matcher.setSuffix(value.value()).build();
            case CONTAINS -> matcher.setContains(value.value()).build();
            case REGEX -> matcher.setSafeRegex(regex(value.value())).build();
            case PRESENT -> throw new IllegalArgumentException("present: compares nothing");
        };
    }

    private static RegexMatcher regex(String regex) {
        return RegexMatcher.newBuilder().setRegex(regex).build();
    }
}
