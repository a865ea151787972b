package io.sluice.gateway.filter.csrf;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.micrometer.core.instrument.Counter;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.route.RouteMatch.Fraction;
import io.sluice.gateway.route.ValueMatcher;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Envoy's {@code envoy.filters.http.csrf}: requests that change something must come from a page of the same host. */
final class CsrfFilter implements HttpFilter {
    private static final Set<String> CHANGING = Set.of("POST", "PUT", "DELETE", "PATCH");
    private static final Pattern URL = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://([^/?#]+).*");

    private final Policy own;
    private final Stats stats;
    private final LongSupplier random;
    private final int place;

    private CsrfFilter(Policy own, Stats stats, LongSupplier random, int place) {
        this.own = own;
        this.stats = stats;
        this.random = random;
        this.place = place;
    }

    /** @param origins beside the request's own host */
    record Policy(Fraction enabled, Fraction shadow, List<ValueMatcher> origins) {
        Policy {
            origins = List.copyOf(origins);
        }
    }

    record Stats(Counter missing, Counter invalid, Counter valid) {
        static Stats of(FilterMeters meters) {
            return new Stats(
                    meters.counter("csrf.missing_source_origin"),
                    meters.counter("csrf.request_invalid"),
                    meters.counter("csrf.request_valid"));
        }
    }

    record Factory(String name, Policy own, Stats stats, LongSupplier random) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(Phase.REQUEST_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new CsrfFilter(own, stats, random, place);
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        Policy policy = exchange.routeConfig(place) instanceof Policy given ? given : own;
        boolean enabled = policy.enabled().hit(random.getAsLong());
        if ((!enabled && !policy.shadow().hit(random.getAsLong()))
                || !CHANGING.contains(headers.method().name())) {
            return Next.CONTINUE;
        }
        String source = source(headers);
        if (source.isEmpty()) {
            stats.missing().increment();
        }
        if (!source.isEmpty() && isAllowed(source, headers, policy)) {
            stats.valid().increment();
            return Next.CONTINUE;
        }
        stats.invalid().increment();
        if (!enabled) {
            return Next.CONTINUE;
        }
        exchange.reply(LocalReply.of(403, "Invalid origin", "csrf_origin_mismatch"));
        return Next.PAUSE;
    }

    private static String source(RequestHeadersBuilder headers) {
        String origin = host(headers.get(HttpHeaderNames.ORIGIN, ""));
        return origin.isEmpty() ? host(headers.get(HttpHeaderNames.REFERER, "")) : origin;
    }

    private static boolean isAllowed(String source, RequestHeadersBuilder headers, Policy policy) {
        return source.equals(host(headers.get(HttpHeaderNames.AUTHORITY, "")))
                || policy.origins().stream().anyMatch(allowed -> allowed.matches(source));
    }

    /** Host and port of a URL; what is none stays. */
    private static String host(String value) {
        Matcher url = URL.matcher(value);
        return url.matches() ? url.group(1) : value;
    }
}
