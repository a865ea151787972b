package io.sluice.gateway.filter.ratelimit;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.util.concurrent.ScheduledFuture;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.ratelimit.Decision;
import io.sluice.gateway.ratelimit.Descriptor;
import io.sluice.gateway.ratelimit.RateLimitCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.ratelimit}: asks whether the request's descriptors have tokens left before it goes on. */
final class RateLimitFilter implements HttpFilter {
    private static final RateLimitCall.Answer TOO_LATE =
            RateLimitCall.Answer.of(new Decision.Unknown("no answer in time"));

    private final Settings settings;
    private final LimitSource source;
    private final RateLimitStats stats;
    private final int place;
    private HttpHeaders responseHeaders = HttpHeaders.of();
    private @Nullable CompletableFuture<RateLimitCall.Answer> pending;
    private @Nullable ScheduledFuture<?> timer;

    private RateLimitFilter(Settings settings, LimitSource source, RateLimitStats stats, int place) {
        this.settings = settings;
        this.source = source;
        this.stats = stats;
        this.place = place;
    }

    /**
     * @param timeout zero means none
     * @param grpcStatus of a refused gRPC request; null means by Envoy's map from the HTTP status
     */
    record Settings(
            String domain,
            int stage,
            RequestType requestType,
            Duration timeout,
            boolean failureModeDeny,
            int statusOnError,
            int limitedStatus,
            @Nullable Integer grpcStatus,
            boolean rateLimitHeaders,
            boolean envoyRateLimitedHeader) {}

    enum RequestType {
        INTERNAL,
        EXTERNAL,
        BOTH;

        private boolean includes(RequestHeadersBuilder headers) {
            boolean internal = "true".equals(headers.get("x-envoy-internal"));
            return this == BOTH || internal == (this == INTERNAL);
        }
    }

    record Factory(String name, Settings settings, LimitSource source, RateLimitStats stats)
            implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return Set.of(Phase.REQUEST_HEADERS, Phase.RESPONSE_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new RateLimitFilter(settings, source, stats, place);
        }

        @Override
        public List<String> explain(Exchange asked, int place) {
            RateLimitCall call = call(settings, asked, place);
            return call == null
                    ? List.of("limits nothing: no descriptor of route or virtual host holds for the request")
                    : call.descriptors().stream()
                            .map(descriptor -> "spends of domain '" + call.domain() + "': "
                                    + descriptor.entries().stream()
                                            .map(entry -> entry.key() + "=" + entry.value())
                                            .collect(Collectors.joining(", ")))
                            .toList();
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        RateLimitCall call = call(settings, exchange, place);
        if (call == null) {
            return Next.CONTINUE;
        }
        CompletableFuture<RateLimitCall.Answer> answer = source.ask(call);
        if (answer.isDone()) {
            return act(exchange, answer.join());
        }
        await(exchange, answer);
        return Next.PAUSE;
    }

    /** Null where nothing is limited. */
    private static @Nullable RateLimitCall call(Settings settings, Exchange exchange, int place) {
        if (!(exchange.routeFields(place) instanceof RouteLimit.OfRoute limits)
                || !settings.requestType().includes(exchange.request())) {
            return null;
        }
        RouteLimit.PerRoute perRoute =
                exchange.routeConfig(place) instanceof RouteLimit.PerRoute given ? given : RouteLimit.PerRoute.NONE;
        List<Descriptor> descriptors = new ArrayList<>();
        perRoute.describe(limits, settings.stage(), exchange, descriptors);
        String domain = perRoute.domain().isEmpty() ? settings.domain() : perRoute.domain();
        return descriptors.isEmpty() ? null : new RateLimitCall(domain, descriptors, 1);
    }

    private void await(Exchange exchange, CompletableFuture<RateLimitCall.Answer> answer) {
        pending = answer;
        if (!settings.timeout().isZero()) {
            timer = exchange.eventLoop()
                    .schedule(() -> goOn(exchange, TOO_LATE), settings.timeout().toNanos(), TimeUnit.NANOSECONDS);
        }
        answer.thenAccept(said -> exchange.eventLoop().execute(() -> goOn(exchange, said)));
    }

    private void goOn(Exchange exchange, RateLimitCall.Answer answer) {
        if (stopWaiting() && !exchange.isEnded() && act(exchange, answer) == Next.CONTINUE) {
            exchange.resumeRequest(place);
        }
    }

    /** @return whether anybody still waited */
    private boolean stopWaiting() {
        CompletableFuture<RateLimitCall.Answer> waited = pending;
        ScheduledFuture<?> running = timer;
        pending = null;
        timer = null;
        if (running != null) {
            running.cancel(false);
        }
        if (waited != null) {
            waited.cancel(false);
        }
        return waited != null;
    }

    private Next act(Exchange exchange, RateLimitCall.Answer answer) {
        RateLimitStats.OfCluster counted = stats.of(DescriptorAction.cluster(exchange));
        return switch (answer.decision()) {
            case Decision.Allowed allowed -> {
                counted.ok().increment();
                exchange.request().add(answer.requestHeaders());
                responseHeaders = responseHeaders(answer, allowed.statuses()).build();
                yield Next.CONTINUE;
            }
            case Decision.Limited limited -> {
                counted.overLimit().increment();
                refuse(exchange, answer, limited);
                yield Next.PAUSE;
            }
            case Decision.Unknown unknown -> {
                counted.error().increment();
                if (!settings.failureModeDeny()) {
                    counted.failureModeAllowed().increment();
                    yield Next.CONTINUE;
                }
                exchange.reply(LocalReply.of(settings.statusOnError(), "", "rate_limiter_error", ResponseFlag.RLSE));
                yield Next.PAUSE;
            }
        };
    }

    private void refuse(Exchange exchange, RateLimitCall.Answer answer, Decision.Limited limited) {
        HttpHeadersBuilder headers = responseHeaders(answer, limited.statuses());
        if (settings.envoyRateLimitedHeader()) {
            headers.set("x-envoy-ratelimited", "true");
        }
        exchange.reply(new LocalReply(
                settings.limitedStatus(),
                answer.body(),
                headers.build(),
                Set.of(ResponseFlag.RL),
                "request_rate_limited",
                settings.grpcStatus()));
    }

    private HttpHeadersBuilder responseHeaders(RateLimitCall.Answer answer, List<Decision.Status> statuses) {
        HttpHeadersBuilder headers = answer.responseHeaders().toBuilder();
        if (settings.rateLimitHeaders()) {
            RateLimitHeaders.add(statuses, headers);
        }
        return headers;
    }

    @Override
    public Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        headers.add(responseHeaders);
        return Next.CONTINUE;
    }

    @Override
    public void onComplete(Exchange exchange) {
        stopWaiting();
    }
}
