package io.sluice.gateway.filter.localratelimit;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.micrometer.core.instrument.Counter;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.ratelimit.RouteLimit;
import io.sluice.gateway.ratelimit.Descriptor;
import io.sluice.gateway.route.RouteMatch.Fraction;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.local_ratelimit}: token buckets of this process, one set for each place that configures them. */
final class LocalRateLimitFilter implements HttpFilter {
    private static final int RESOURCE_EXHAUSTED = 8;

    private final Limits own;
    private final LongSupplier random;
    private final int place;
    private @Nullable TokenBucket told;

    private LocalRateLimitFilter(Limits own, LongSupplier random, int place) {
        this.own = own;
        this.random = random;
        this.place = place;
    }

    /**
     * What one place configures, with its buckets.
     *
     * @param unenforced headers of requests that go on though there was no token
     */
    record Limits(
            Buckets buckets,
            Fraction enabled,
            Fraction enforced,
            int status,
            boolean resourceExhausted,
            HeaderMutations unenforced,
            HeaderMutations response,
            boolean rateLimitHeaders,
            int stage,
            RouteLimit.PerRoute routeLimits,
            Stats stats) {}

    record Stats(Counter enabled, Counter ok, Counter limited, Counter enforced) {}

    record Factory(String name, Limits own, LongSupplier random) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(Phase.REQUEST_HEADERS, Phase.RESPONSE_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new LocalRateLimitFilter(own, random, place);
        }

        @Override
        public List<String> explain(Exchange asked, int place) {
            Limits limits = asked.routeConfig(place) instanceof Limits given ? given : own;
            List<String> lines = new ArrayList<>();
            lines.add("spends of a bucket of this process for " + share(limits.enabled()) + ", refuses with "
                    + limits.status() + " for " + share(limits.enforced()));
            descriptors(asked, limits, place)
                    .forEach(descriptor -> lines.add("of the bucket of "
                            + descriptor.entries().stream()
                                    .map(entry -> entry.key() + "=" + entry.value())
                                    .collect(Collectors.joining(", "))
                            + " where there is one"));
            return lines;
        }

        private static String share(Fraction fraction) {
            return fraction.numerator() + " of " + fraction.denominator() + " requests";
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        Limits limits = exchange.routeConfig(place) instanceof Limits given ? given : own;
        if (!limits.enabled().hit(random.getAsLong())) {
            return Next.CONTINUE;
        }
        limits.stats().enabled().increment();
        Buckets.Spent spent = limits.buckets().spend(descriptors(exchange, limits, place));
        told = limits.rateLimitHeaders() ? spent.bucket() : null;
        if (spent.allowed()) {
            limits.stats().ok().increment();
            return Next.CONTINUE;
        }
        limits.stats().limited().increment();
        if (!limits.enforced().hit(random.getAsLong())) {
            limits.unenforced().apply(headers, exchange);
            return Next.CONTINUE;
        }
        limits.stats().enforced().increment();
        exchange.reply(new LocalReply(
                        limits.status(),
                        "local_rate_limited",
                        HttpHeaders.of(),
                        Set.of(ResponseFlag.RL),
                        "local_rate_limited",
                        limits.resourceExhausted() ? RESOURCE_EXHAUSTED : null)
                .with(limits.response()));
        return Next.PAUSE;
    }

    private static List<Descriptor> descriptors(Exchange exchange, Limits limits, int place) {
        List<Descriptor> descriptors = new ArrayList<>();
        if (limits.buckets().areByDescriptor()) {
            RouteLimit.OfRoute ofRoute = exchange.routeFields(place) instanceof RouteLimit.OfRoute given
                    ? given
                    : new RouteLimit.OfRoute(List.of(), List.of(), false);
            limits.routeLimits().describe(ofRoute, limits.stage(), exchange, descriptors);
        }
        return descriptors;
    }

    @Override
    public Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        if (told != null) {
            tell(told, headers);
        }
        return Next.CONTINUE;
    }

    private static void tell(TokenBucket bucket, HttpHeadersBuilder headers) {
        headers.set("x-ratelimit-limit", String.valueOf(bucket.max()));
        headers.set("x-ratelimit-remaining", String.valueOf(bucket.remaining()));
        headers.set("x-ratelimit-reset", String.valueOf((long) Math.ceil(bucket.secondsToNextToken())));
    }
}
