package io.sluice.gateway.filter.basicauth;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.micrometer.core.instrument.Counter;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.OriginalUri;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/** Envoy's {@code envoy.filters.http.basic_auth}. */
final class BasicAuthFilter implements HttpFilter {
    private static final String SCHEME = "Basic ";

    private final Factory config;
    private final int place;

    private BasicAuthFilter(Factory config, int place) {
        this.config = config;
        this.place = place;
    }

    /**
     * @param users where a route has none of its own
     * @param usernameHeader for the upstream; empty for none
     * @param header in which the credentials come
     */
    record Factory(String name, Users users, String usernameHeader, String header, Stats stats)
            implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return Set.of(Phase.REQUEST_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new BasicAuthFilter(this, place);
        }

        @Override
        public List<String> explain(Exchange asked, int place) {
            Shown shown = shown(this, asked, place);
            return List.of(shown.wrong().isEmpty() ? "user '" + shown.text() + "' may" : "401 " + shown.wrong());
        }
    }

    record Stats(Counter allowed, Counter denied) {
        static Stats of(FilterMeters meters) {
            return new Stats(meters.counter("basic_auth.allowed"), meters.counter("basic_auth.denied"));
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        Shown shown = shown(config, exchange, place);
        if (!shown.wrong().isEmpty()) {
            return refuse(exchange, shown.text(), shown.wrong());
        }
        if (!config.usernameHeader().isEmpty()) {
            headers.set(config.usernameHeader(), shown.text());
        }
        config.stats().allowed().increment();
        return Next.CONTINUE;
    }

    /**
     * What the caller shows.
     *
     * @param text the user's name, or what is wrong for people
     * @param wrong the same for logs; empty where the user may
     */
    private record Shown(String text, String wrong) {}

    private static Shown shown(Factory config, Exchange exchange, int place) {
        List<String> values = exchange.request().getAll(config.header());
        if (values.isEmpty()) {
            return new Shown("Missing username and password.", "no_credential_for_basic_auth");
        }
        // several authorization headers are one for Envoy, joined, and then no credentials
        String value = config.header().equals("authorization") ? String.join(",", values) : values.getFirst();
        if (!value.startsWith(SCHEME)) {
            return new Shown("Expected 'Basic' authentication scheme.", "invalid_scheme_for_basic_auth");
        }
        String credentials = decoded(value.substring(SCHEME.length()));
        int colon = credentials.indexOf(':');
        if (colon < 0) {
            return new Shown("Invalid basic credential format.", "invalid_format_for_basic_auth");
        }
        String name = credentials.substring(0, colon);
        Users users = exchange.routeConfig(place) instanceof Users ofRoute ? ofRoute : config.users();
        if (!users.know(name, credentials.substring(colon + 1))) {
            return new Shown("Invalid username/password combination.", "invalid_credential_for_basic_auth");
        }
        return new Shown(name, "");
    }

    /** Empty where it is no base64. */
    private static String decoded(String base64) {
        try {
            return new String(Base64.getDecoder().decode(base64), StandardCharsets.ISO_8859_1);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private Next refuse(Exchange exchange, String why, String details) {
        config.stats().denied().increment();
        String realm = OriginalUri.of(exchange.request(), exchange.isTls());
        exchange.reply(new LocalReply(
                401,
                "User authentication failed. " + why,
                HttpHeaders.of(HttpHeaderNames.WWW_AUTHENTICATE, "Basic realm=\"" + realm + "\""),
                Set.of(),
                details,
                null));
        return Next.PAUSE;
    }
}
