package io.sluice.gateway.filter.apikeyauth;

import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.micrometer.core.instrument.Counter;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.api_key_auth}. */
final class ApiKeyAuthFilter implements HttpFilter {
    private static final String REFUSED = "Client authentication failed.";

    private final Factory config;
    private final int place;

    private ApiKeyAuthFilter(Factory config, int place) {
        this.config = config;
        this.place = place;
    }

    /**
     * @param keys null for none: then nobody is known
     * @param places in their order; the first key that is found counts
     */
    record Rules(@Nullable Keys keys, List<KeyPlace> places) {
        Rules {
            places = List.copyOf(places);
        }
    }

    /** @param clients that may; empty for all */
    record PerRoute(Rules rules, Set<String> clients) {
        PerRoute {
            clients = Set.copyOf(clients);
        }
    }

    record Factory(String name, Rules rules, Stats stats) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return Set.of(Phase.REQUEST_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new ApiKeyAuthFilter(this, place);
        }

        @Override
        public List<String> explain(Exchange asked, int place) {
            Verdict verdict = verdict(this, asked, place);
            return List.of(
                    verdict.status() == 0
                            ? "client '" + verdict.details() + "' may"
                            : verdict.status() + " " + verdict.details());
        }
    }

    record Stats(Counter allowed, Counter unauthorized, Counter forbidden) {
        static Stats of(FilterMeters meters) {
            return new Stats(
                    meters.counter("api_key_auth.allowed"),
                    meters.counter("api_key_auth.unauthorized"),
                    meters.counter("api_key_auth.forbidden"));
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        Verdict verdict = verdict(config, exchange, place);
        if (verdict.status() != 0) {
            (verdict.status() == 401
                            ? config.stats().unauthorized()
                            : config.stats().forbidden())
                    .increment();
            exchange.reply(LocalReply.of(verdict.status(), verdict.body(), verdict.details()));
            return Next.PAUSE;
        }
        config.stats().allowed().increment();
        return Next.CONTINUE;
    }

    /**
     * @param status 0 where the client may
     * @param details where it may, its name
     */
    private record Verdict(int status, String body, String details) {}

    private static Verdict verdict(Factory config, Exchange exchange, int place) {
        PerRoute route = exchange.routeConfig(place) instanceof PerRoute given ? given : null;
        Keys keys = route != null && route.rules().keys() != null
                ? route.rules().keys()
                : config.rules().keys();
        List<KeyPlace> places = route != null && !route.rules().places().isEmpty()
                ? route.rules().places()
                : config.rules().places();
        if (places.isEmpty()) {
            return new Verdict(401, REFUSED, "missing_key_sources");
        }
        if (keys == null) {
            return new Verdict(401, REFUSED, "missing_credentials");
        }
        String key = key(places, exchange.request());
        if (key.isEmpty()) {
            return new Verdict(401, REFUSED, "missing_api_key");
        }
        String client = keys.client(key);
        if (client == null) {
            return new Verdict(401, REFUSED, "unknown_api_key");
        }
        if (route != null && !route.clients().isEmpty() && !route.clients().contains(client)) {
            return new Verdict(403, "Client is forbidden.", "client_not_allowed");
        }
        return new Verdict(0, "", client);
    }

    private static String key(List<KeyPlace> places, RequestHeadersBuilder headers) {
        for (KeyPlace place : places) {
            String key = place.key(headers);
            if (key != null && !key.isEmpty()) {
                return key;
            }
        }
        return "";
    }
}
