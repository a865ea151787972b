package io.sluice.gateway.filter.extauthz;

import com.google.common.base.Ascii;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.micrometer.core.instrument.Counter;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.Piece;
import io.sluice.gateway.filter.QueryString;
import io.sluice.gateway.filter.extauthz.Verdict.Change;
import io.sluice.gateway.route.RouteMatch.Fraction;
import java.io.ByteArrayOutputStream;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.ext_authz}. */
final class ExtAuthzFilter implements HttpFilter {
    private static final String NAMESPACE = "envoy.filters.http.ext_authz";
    private static final String FAILED_OPEN = "x-envoy-auth-failure-mode-allowed";

    private final Factory config;
    private final int place;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream(0);
    private @Nullable BodyPolicy wanted;
    private Map<String, String> extensions = Map.of();
    private boolean more;
    private @Nullable Runnable cancel;
    private List<Change> onResponse = List.of();
    private long askedNanos;

    private ExtAuthzFilter(Factory config, int place) {
        this.config = config;
        this.place = place;
    }

    /** How much of a body the service sees; without {@code partial} a longer one is refused with 413. */
    record BodyPolicy(int maxBytes, boolean partial) {}

    /**
     * What a route says.
     *
     * @param bodyless whether the service never sees a body here
     * @param body null for what the filter says
     */
    record PerRoute(
            boolean off,
            Map<String, String> extensions,
            boolean bodyless,
            @Nullable BodyPolicy body) {
        PerRoute {
            extensions = Map.copyOf(extensions);
        }
    }

    /** @param body null for none */
    record Settings(
            Fraction enabled,
            boolean denyWhereDisabled,
            boolean allowOnFailure,
            boolean tellOfFailure,
            int statusOnError,
            boolean clearRouteCache,
            boolean validate,
            boolean takesMetadata,
            @Nullable BodyPolicy body) {}

    record Factory(String name, Settings settings, AuthorizationService service, Stats stats)
            implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(
                    Phase.REQUEST_HEADERS, Phase.REQUEST_DATA, Phase.REQUEST_TRAILERS, Phase.RESPONSE_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new ExtAuthzFilter(this, place);
        }

        @Override
        public List<String> explain(Exchange asked, int place) {
            if (asked.route() == null || (asked.routeConfig(place) instanceof PerRoute route && route.off())) {
                return List.of("asks nobody");
            }
            return List.of(
                    "asks the authorization service for " + settings.enabled().numerator() + " of "
                            + settings.enabled().denominator() + " requests; where it does not answer: "
                            + (settings.allowOnFailure() ? "goes on" : settings.statusOnError()));
        }
    }

    record Stats(
            Counter ok,
            Counter denied,
            Counter error,
            Counter disabled,
            Counter failureModeAllowed,
            Counter invalid,
            Counter ignoredMetadata) {
        /** @param prefix as configured, empty for none */
        static Stats of(FilterMeters meters, String prefix) {
            String name = "ext_authz." + (prefix.isEmpty() ? "" : prefix + ".");
            return new Stats(
                    meters.counter(name + "ok"),
                    meters.counter(name + "denied"),
                    meters.counter(name + "error"),
                    meters.counter(name + "disabled"),
                    meters.counter(name + "failure_mode_allowed"),
                    meters.counter(name + "invalid"),
                    meters.counter(name + "ignored_dynamic_metadata"));
        }
    }

    // --- the request

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        PerRoute route = exchange.routeConfig(place) instanceof PerRoute given ? given : null;
        if (exchange.route() == null || (route != null && route.off())) {
            return Next.CONTINUE;
        }
        Settings settings = config.settings();
        if (!settings.enabled().hit(exchange.streamId())) {
            config.stats().disabled().increment();
            if (!settings.denyWhereDisabled()) {
                return Next.CONTINUE;
            }
            exchange.reply(LocalReply.of(settings.statusOnError(), "", "ext_authz_error", ResponseFlag.UAEX));
            return Next.PAUSE;
        }
        if (route != null) {
            extensions = route.extensions();
        }
        wanted = end || headers.contains(HttpHeaderNames.UPGRADE) || (route != null && route.bodyless())
                ? null
                : route != null && route.body() != null ? route.body() : settings.body();
        if (wanted == null) {
            ask(exchange, null);
            return Next.PAUSE;
        }
        if (!wanted.partial()) {
            exchange.limitRequestBuffer(wanted.maxBytes());
        }
        return Next.STOP_AND_BUFFER;
    }

    @Override
    public Next onRequestData(Exchange exchange, Piece piece) {
        BodyPolicy policy = wanted;
        if (policy == null) {
            return Next.CONTINUE;
        }
        int room = policy.maxBytes() - body.size();
        byte[] bytes = piece.data().array();
        body.write(bytes, 0, Math.min(room, bytes.length));
        more |= bytes.length > room;
        if (!piece.isEnd() && !(policy.partial() && body.size() >= policy.maxBytes())) {
            return Next.STOP_AND_BUFFER;
        }
        askWithBody(exchange);
        return Next.PAUSE;
    }

    @Override
    public Next onRequestTrailers(Exchange exchange, HttpHeadersBuilder trailers) {
        if (wanted == null) {
            return Next.CONTINUE;
        }
        askWithBody(exchange);
        return Next.PAUSE;
    }

    private void askWithBody(Exchange exchange) {
        wanted = null;
        ask(exchange, body.size() == 0 && !more ? null : new Question.Body(body.toByteArray(), more));
    }

    private void ask(Exchange exchange, Question.@Nullable Body seen) {
        askedNanos = System.nanoTime();
        cancel = config.service().ask(new Question(exchange, extensions, seen), verdict -> answered(exchange, verdict));
    }

    @Override
    public void onComplete(Exchange exchange) {
        if (cancel != null) {
            cancel.run();
        }
    }

    // --- the answer

    private void answered(Exchange exchange, Verdict verdict) {
        cancel = null;
        if (exchange.isEnded()) {
            return;
        }
        if (verdict instanceof Verdict.Allowed allowed
                && allowed.wrong()
                && config.settings().validate()) {
            invalid(exchange);
            return;
        }
        keepMetadata(exchange, verdict);
        switch (verdict) {
            case Verdict.Allowed allowed -> allow(exchange, allowed);
            case Verdict.Denied denied -> deny(exchange, denied);
            case Verdict.Failed failed -> fail(exchange);
        }
    }

    private void keepMetadata(Exchange exchange, Verdict verdict) {
        if (verdict.metadata().isEmpty()) {
            return;
        }
        if (!config.settings().takesMetadata()) {
            config.stats().ignoredMetadata().increment();
            return;
        }
        Map<String, @Nullable Object> kept = exchange.metadata(NAMESPACE);
        kept.putAll(verdict.metadata());
        if (verdict instanceof Verdict.Allowed) {
            long millis = (System.nanoTime() - askedNanos) / 1_000_000;
            kept.put("ext_authz_duration", (double) millis);
        }
    }

    private void allow(Exchange exchange, Verdict.Allowed allowed) {
        if (config.settings().validate() && !isValid(allowed)) {
            invalid(exchange);
            return;
        }
        RequestHeadersBuilder headers = exchange.request();
        for (Change change : allowed.request()) {
            if (isSettable(change.name())) {
                apply(change, headers);
            }
        }
        for (String name : allowed.remove()) {
            String removed = Ascii.toLowerCase(name);
            if (Names.isValid(removed) && !removed.equals("host")) { // a pseudo header is no valid name
                headers.remove(removed);
            }
        }
        onResponse = allowed.response().stream()
                .filter(change -> Names.isValid(Ascii.toLowerCase(change.name())) && Names.isValue(change.value()))
                .toList();
        if (!allowed.setParameters().isEmpty() || !allowed.removeParameters().isEmpty()) {
            QueryString query = QueryString.of(headers.path());
            allowed.setParameters().forEach(set -> query.setRaw(set.getKey(), set.getValue()));
            allowed.removeParameters().forEach(query::remove);
            headers.path(query.path());
        }
        if (config.settings().clearRouteCache() && allowed.changesRequest()) {
            exchange.refreshRoute();
        }
        config.stats().ok().increment();
        exchange.resumeRequest(place);
    }

    private static boolean isSettable(String name) {
        return Names.isValid(Ascii.toLowerCase(name)) || name.equals(":path") || name.equals(":authority");
    }

    private static boolean isValid(Verdict.Allowed allowed) {
        return allowed.request().stream().allMatch(change -> isSettable(change.name()) && Names.isValue(change.value()))
                && allowed.response().stream()
                        .allMatch(change ->
                                Names.isValid(Ascii.toLowerCase(change.name())) && Names.isValue(change.value()))
                && allowed.setParameters().stream()
                        .allMatch(set -> Names.isParameter(set.getKey()) && Names.isParameter(set.getValue()));
    }

    private static void apply(Change change, HttpHeadersBuilder headers) {
        String lower = Ascii.toLowerCase(change.name());
        String name = lower.equals("host") ? ":authority" : lower;
        if (!Names.isValue(change.value())) {
            return;
        }
        switch (change.kind()) {
            case SET -> headers.set(name, change.value());
            case ADD -> headers.add(name, change.value());
            case APPEND_TO_EXISTING -> {
                List<String> before = headers.getAll(name);
                if (!before.isEmpty()) {
                    headers.set(name, String.join(",", before) + "," + change.value());
                }
            }
            case ADD_IF_ABSENT -> {
                if (!headers.contains(name)) {
                    headers.add(name, change.value());
                }
            }
            case OVERWRITE_IF_EXISTS -> {
                if (headers.contains(name)) {
                    headers.set(name, change.value());
                }
            }
        }
    }

    private void deny(Exchange exchange, Verdict.Denied denied) {
        config.stats().denied().increment();
        HttpHeadersBuilder headers = HttpHeaders.builder();
        for (Map.Entry<String, String> header : denied.headers()) {
            String name = Ascii.toLowerCase(header.getKey());
            boolean valid = Names.isValid(name) && Names.isValue(header.getValue());
            if (!valid && config.settings().validate()) {
                invalid(exchange);
                return;
            }
            if (valid) {
                headers.add(name, header.getValue());
            }
        }
        exchange.reply(new LocalReply(
                denied.status(), denied.body(), headers.build(), Set.of(ResponseFlag.UAEX), "ext_authz_denied", null));
    }

    private void fail(Exchange exchange) {
        config.stats().error().increment();
        if (!config.settings().allowOnFailure()) {
            exchange.reply(LocalReply.of(config.settings().statusOnError(), "", "ext_authz_error", ResponseFlag.UAEX));
            return;
        }
        config.stats().failureModeAllowed().increment();
        if (config.settings().tellOfFailure()) {
            exchange.request().add(FAILED_OPEN, "true");
        }
        exchange.resumeRequest(place);
    }

    /** The service's own answer cannot be used. */
    private void invalid(Exchange exchange) {
        config.stats().invalid().increment();
        exchange.reply(LocalReply.of(500, "", "ext_authz_invalid", ResponseFlag.UAEX));
    }

    @Override
    public Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        onResponse.forEach(change -> apply(change, headers));
        return Next.CONTINUE;
    }
}
