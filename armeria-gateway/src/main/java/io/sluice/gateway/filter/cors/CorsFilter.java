package io.sluice.gateway.filter.cors;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.micrometer.core.instrument.Counter;
import io.netty.util.AsciiString;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.cors}: answers preflights of the origins that a route allows, and marks its answers as theirs. */
final class CorsFilter implements HttpFilter {
    private static final AsciiString ORIGIN = AsciiString.cached("origin");
    private static final AsciiString REQUEST_METHOD = AsciiString.cached("access-control-request-method");
    private static final AsciiString REQUEST_PRIVATE = AsciiString.cached("access-control-request-private-network");
    private static final AsciiString ALLOW_ORIGIN = AsciiString.cached("access-control-allow-origin");
    private static final AsciiString ALLOW_METHODS = AsciiString.cached("access-control-allow-methods");
    private static final AsciiString ALLOW_HEADERS = AsciiString.cached("access-control-allow-headers");
    private static final AsciiString EXPOSE_HEADERS = AsciiString.cached("access-control-expose-headers");
    private static final AsciiString MAX_AGE = AsciiString.cached("access-control-max-age");
    private static final AsciiString CREDENTIALS = AsciiString.cached("access-control-allow-credentials");
    private static final AsciiString ALLOW_PRIVATE = AsciiString.cached("access-control-allow-private-network");

    private final Stats stats;
    private final LongSupplier random;
    private final int place;
    private @Nullable CorsPolicy policy;
    private @Nullable String origin;

    private CorsFilter(Stats stats, LongSupplier random, int place) {
        this.stats = stats;
        this.random = random;
        this.place = place;
    }

    record Stats(Counter valid, Counter invalid) {
        static Stats of(FilterMeters meters) {
            return new Stats(meters.counter("cors.origin_valid"), meters.counter("cors.origin_invalid"));
        }
    }

    record Factory(String name, Stats stats, LongSupplier random) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(Phase.REQUEST_HEADERS, Phase.RESPONSE_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new CorsFilter(stats, random, place);
        }

        @Override
        public List<String> explain(Exchange asked, int place) {
            CorsPolicy rules = rules(asked, place);
            String asking = asked.request().get(ORIGIN, "");
            if (rules == null) {
                return List.of("no policy");
            }
            return List.of(
                    asking.isEmpty()
                            ? "no origin: not a request across sites"
                            : "origin '" + asking + "' is " + (rules.allows(asking) ? "" : "not ") + "allowed");
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        CorsPolicy rules = rules(exchange, place);
        String asking = headers.get(ORIGIN, "");
        if (rules == null || asking.isEmpty()) {
            return Next.CONTINUE;
        }
        boolean enabled = rules.enabled().hit(random.getAsLong());
        if (!enabled && !rules.shadow().hit(random.getAsLong())) {
            return Next.CONTINUE;
        }
        boolean preflight = headers.method().name().equals("OPTIONS")
                && !headers.get(REQUEST_METHOD, "").isEmpty();
        if (!rules.allows(asking)) {
            stats.invalid().increment();
            if (!enabled || !preflight || !Boolean.FALSE.equals(rules.forwardOthers())) {
                return Next.CONTINUE;
            }
            exchange.reply(new LocalReply(200, "", answer(rules, headers), Set.of(), "cors_response", null));
            return Next.PAUSE;
        }
        stats.valid().increment();
        if (!enabled) {
            return Next.CONTINUE;
        }
        policy = rules;
        origin = asking;
        if (!preflight) {
            return Next.CONTINUE;
        }
        exchange.reply(new LocalReply(200, "", answer(rules, headers), Set.of(), "cors_response", null));
        return Next.PAUSE;
    }

    private static @Nullable CorsPolicy rules(Exchange exchange, int place) {
        Object configured = exchange.routeConfig(place);
        return (CorsPolicy) (configured == null ? exchange.routeFields(place) : configured);
    }

    private static HttpHeaders answer(CorsPolicy rules, RequestHeadersBuilder asked) {
        HttpHeadersBuilder headers = HttpHeaders.builder();
        if (Boolean.TRUE.equals(rules.credentials())) {
            headers.set(CREDENTIALS, "true");
        }
        put(headers, ALLOW_METHODS, rules.methods());
        put(headers, ALLOW_HEADERS, rules.headers());
        put(headers, MAX_AGE, rules.maxAge());
        if (Boolean.TRUE.equals(rules.privateNetwork()) && "true".equals(asked.get(REQUEST_PRIVATE))) {
            headers.set(ALLOW_PRIVATE, "true");
        }
        return headers.build();
    }

    private static void put(HttpHeadersBuilder headers, AsciiString name, String value) {
        if (!value.isEmpty()) {
            headers.set(name, value);
        }
    }

    @Override
    public Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        CorsPolicy rules = policy;
        if (rules != null && origin != null) {
            headers.set(ALLOW_ORIGIN, origin);
            if (Boolean.TRUE.equals(rules.credentials())) {
                headers.set(CREDENTIALS, "true");
            }
            put(headers, EXPOSE_HEADERS, rules.exposed());
        }
        return Next.CONTINUE;
    }
}
