package io.sluice.gateway.compile;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.MetadataMatcherParser;
import io.sluice.gateway.filter.RequestTest;
import io.sluice.gateway.filter.RequestTestParser;
import io.sluice.gateway.filter.StringMatcherParser;
import io.sluice.gateway.route.MetadataMatcher;
import io.sluice.gateway.route.RouteRequest;
import io.sluice.gateway.route.ValueMatcher;
import io.sluice.gateway.xds.Problems;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Matchers outside of routes mean what they mean in them. */
public final class RequestHeaderTestParser
        implements HeaderTestParser, MetadataMatcherParser, RequestTestParser, StringMatcherParser {
    private final RouteMatchParser matches = new RouteMatchParser();

    @Override
    public Optional<Predicate<RequestHeaders>> parse(HeaderMatcher matcher, Problems problems) {
        return matches.header(matcher, problems)
                .map(parsed -> headers -> parsed.matches(headers.getAll(parsed.name())));
    }

    @Override
    public Optional<RequestTest> parse(RouteMatch match, Problems problems) {
        return matches.parse(match, problems).map(parsed -> exchange -> parsed.matches(new Asked(exchange)));
    }

    @Override
    public Optional<ValueMatcher> parse(StringMatcher matcher, Problems problems) {
        return RouteMatchParser.string(matcher, problems);
    }

    @Override
    public Optional<MetadataMatcher> parse(
            io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher matcher, Problems problems) {
        return RouteMatchParser.metadata(matcher, problems);
    }

    /** A request as it stands now. */
    private record Asked(Exchange exchange) implements RouteRequest {
        @Override
        public String authority() {
            return exchange.request().get(HttpHeaderNames.AUTHORITY, "");
        }

        @Override
        public String path() {
            String whole = exchange.request().path();
            int question = whole.indexOf('?');
            return question < 0 ? whole : whole.substring(0, question);
        }

        @Override
        public List<String> header(String name) {
            return exchange.request().getAll(name);
        }

        @Override
        public @Nullable String query(String name) {
            String whole = exchange.request().path();
            for (String parameter : whole.substring(whole.indexOf('?') + 1).split("&")) {
                int equals = parameter.indexOf('=');
                if (whole.indexOf('?') >= 0 && (equals < 0 ? parameter : parameter.substring(0, equals)).equals(name)) {
                    return equals < 0 ? "" : parameter.substring(equals + 1);
                }
            }
            return null;
        }

        @Override
        public long random() {
            return exchange.streamId();
        }

        @Override
        public boolean isTls() {
            return exchange.isTls();
        }

        @Override
        public Map<String, Object> metadata(String namespace) {
            return exchange.metadata(namespace);
        }
    }
}
