package io.sluice.gateway.filter.jwt;

import com.google.common.base.CharMatcher;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.OriginalUri;
import io.sluice.gateway.filter.RequestTest;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.jwt_authn}. */
final class JwtFilter implements HttpFilter {
    static final String NAMESPACE = "envoy.filters.http.jwt_authn";

    private final Factory config;
    private final int place;
    private boolean waits;
    private boolean done;
    private boolean refused;

    private JwtFilter(Factory config, int place) {
        this.config = config;
        this.place = place;
    }

    /** @param requirement null for none: the request goes on */
    record Rule(RequestTest match, @Nullable Requirement requirement) {}

    /** What a route says; the name is looked up among those of the filter at work. */
    sealed interface PerRoute {
        record Off() implements PerRoute {}

        record Named(String requirement) implements PerRoute {}
    }

    record Factory(
            String name,
            List<Rule> rules,
            Map<String, Requirement> named,
            Set<KeySource> keys,
            boolean bypassPreflight,
            boolean stripFailure,
            InstantSource clock,
            JwtStats stats)
            implements HttpFilterFactory {
        Factory {
            rules = List.copyOf(rules);
            named = Map.copyOf(named);
            keys = Set.copyOf(keys);
        }

        @Override
        public Set<Phase> phases() {
            return Set.of(Phase.REQUEST_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new JwtFilter(this, place);
        }

        @Override
        public void goLive() {
            keys.forEach(KeySource::begin);
        }

        @Override
        public List<String> explain(Exchange asked, int place) {
            if (bypassPreflight && isPreflight(asked.request())) {
                return List.of("lets preflights of CORS through");
            }
            return switch (asked.routeConfig(place)) {
                case PerRoute.Off off -> List.of("asks for nothing: the route says so");
                case PerRoute.Named route
                when !named.containsKey(route.requirement()) ->
                    List.of("403: no requirement is named '" + route.requirement() + "'");
                case null, default -> {
                    Requirement requirement = requirement(asked, place);
                    yield requirement == null
                            ? List.of("asks for nothing: none of its rules matches")
                            : JwtExplanation.of(
                                    requirement, asked, clock.instant().getEpochSecond());
                }
            };
        }

        /** Null for none. */
        private @Nullable Requirement requirement(Exchange exchange, int place) {
            if (exchange.routeConfig(place) instanceof PerRoute route) {
                return route instanceof PerRoute.Named given ? named.get(given.requirement()) : null;
            }
            for (Rule rule : rules) {
                if (rule.match().matches(exchange)) {
                    return rule.requirement();
                }
            }
            return null;
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        if (config.bypassPreflight() && isPreflight(headers)) {
            config.stats().preflightBypassed().increment();
            config.stats().allowed().increment();
            return Next.CONTINUE;
        }
        Requirement requirement = config.requirement(exchange, place);
        if (requirement == null && exchange.routeConfig(place) instanceof PerRoute.Named named) {
            refuseUnknown(exchange, named.requirement());
            return Next.PAUSE;
        }
        if (requirement == null) {
            config.stats().allowed().increment();
            return Next.CONTINUE;
        }
        String realm = OriginalUri.of(headers, exchange.isTls());
        TokenCheck check = new TokenCheck(exchange, config.clock().instant().getEpochSecond(), config.stats());
        check.check(requirement, status -> finish(exchange, check, status, realm));
        waits = !done;
        return waits || refused ? Next.PAUSE : Next.CONTINUE;
    }

    private static boolean isPreflight(RequestHeadersBuilder headers) {
        return headers.method() == HttpMethod.OPTIONS
                && !headers.get(HttpHeaderNames.ORIGIN, "").isEmpty()
                && !headers.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD, "")
                        .isEmpty();
    }

    private void finish(Exchange exchange, TokenCheck check, JwtStatus status, String realm) {
        done = true;
        if (exchange.isEnded()) {
            return;
        }
        if (!check.metadata().isEmpty()) {
            exchange.metadata(NAMESPACE).putAll(check.metadata());
        }
        if (status != JwtStatus.OK) {
            config.stats().denied().increment();
            refused = true;
            refuse(exchange, status, realm);
            return;
        }
        config.stats().allowed().increment();
        if (waits) {
            exchange.resumeRequest(place);
        }
    }

    private void refuse(Exchange exchange, JwtStatus status, String realm) {
        int code = status == JwtStatus.AUDIENCE_NOT_ALLOWED ? 403 : 401;
        if (config.stripFailure()) {
            exchange.reply(LocalReply.of(code, "", details(status.text())));
            return;
        }
        String challenge =
                "Bearer realm=\"" + realm + "\"" + (status == JwtStatus.MISSING ? "" : ", error=\"invalid_token\"");
        exchange.reply(new LocalReply(
                code,
                status.text(),
                HttpHeaders.of(HttpHeaderNames.WWW_AUTHENTICATE, challenge),
                Set.of(),
                details(status.text()),
                null));
    }

    private void refuseUnknown(Exchange exchange, String name) {
        config.stats().denied().increment();
        String message = "Wrong requirement_name: " + name + ". It should be one of ["
                + String.join(",", new TreeMap<>(config.named()).keySet()) + "]";
        String body = config.stripFailure() ? "" : "Failed JWT authentication: " + message;
        exchange.reply(LocalReply.of(403, body, details(message)));
    }

    /** One word, for logs that are split at spaces. */
    private static String details(String message) {
        return "jwt_authn_access_denied{" + CharMatcher.whitespace().replaceFrom(message, '_') + "}";
    }
}
