package io.sluice.gateway.filter.apikeyauth;

import com.google.common.base.Ascii;
import com.google.protobuf.Any;
import io.envoyproxy.envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth;
import io.envoyproxy.envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.api_key_auth.v3.Credential;
import io.envoyproxy.envoy.extensions.filters.http.api_key_auth.v3.KeySource;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads Envoy's {@code envoy.extensions.filters.http.api_key_auth.v3}. Keys stand in no message of a problem. */
public final class ApiKeyAuthFilterParser implements HttpFilterParser {
    private final MeterRegistry metrics;

    public ApiKeyAuthFilterParser(MeterRegistry metrics) {
        this.metrics = metrics;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return parse(name, "", config, problems);
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        Optional<ApiKeyAuth> unpacked = HttpFilterParser.unpack(config, ApiKeyAuth.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        ApiKeyAuth message = unpacked.get();
        return rules(message.getCredentialsList(), message.getKeySourcesList(), problems)
                .map(rules -> new ApiKeyAuthFilter.Factory(
                        name, rules, ApiKeyAuthFilter.Stats.of(new FilterMeters(metrics, statPrefix))));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        Optional<ApiKeyAuthPerRoute> unpacked = HttpFilterParser.unpack(config, ApiKeyAuthPerRoute.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        ApiKeyAuthPerRoute message = unpacked.get();
        return rules(message.getCredentialsList(), message.getKeySourcesList(), problems)
                .map(rules -> new ApiKeyAuthFilter.PerRoute(rules, Set.copyOf(message.getAllowedClientsList())));
    }

    private static Optional<ApiKeyAuthFilter.Rules> rules(
            List<Credential> credentials, List<KeySource> sources, Problems problems) {
        Keys keys = new Keys();
        boolean whole = true;
        for (int i = 0; i < credentials.size(); i++) {
            Problems at = problems.at("credentials[" + i + "]");
            if (credentials.get(i).getKey().isEmpty()) {
                whole = at.expected("key", "''", "a key").isPresent();
            } else if (!keys.add(credentials.get(i).getKey(), credentials.get(i).getClient())) {
                whole = at.wrong("key", "a key for the second time").isPresent();
            }
        }
        List<KeyPlace> places = new ArrayList<>();
        for (int i = 0; i < sources.size(); i++) {
            place(sources.get(i), problems.at("key_sources[" + i + "]")).ifPresent(places::add);
        }
        return whole && places.size() == sources.size()
                ? Optional.of(new ApiKeyAuthFilter.Rules(credentials.isEmpty() ? null : keys, places))
                : Optional.empty();
    }

    private static Optional<KeyPlace> place(KeySource source, Problems problems) {
        if (!source.getHeader().isEmpty()) {
            return Optional.of(new KeyPlace.Header(Ascii.toLowerCase(source.getHeader())));
        }
        if (!source.getQuery().isEmpty()) {
            return Optional.of(new KeyPlace.Parameter(source.getQuery()));
        }
        return source.getCookie().isEmpty()
                ? problems.expected("key_source", "none", "one of header, query, cookie")
                : Optional.of(new KeyPlace.Cookie(source.getCookie()));
    }
}
