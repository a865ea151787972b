package io.sluice.gateway.filter.cors;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.FractionParser;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.StringMatcherParser;
import io.sluice.gateway.route.ValueMatcher;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Reads Envoy's {@code envoy.extensions.filters.http.cors.v3}, and the routes' own policies of the time before it. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
public final class CorsFilterParser implements HttpFilterParser {
    private final StringMatcherParser strings;
    private final MeterRegistry metrics;
    private final LongSupplier random;

    /** @param random at least 0 */
    public CorsFilterParser(StringMatcherParser strings, MeterRegistry metrics, LongSupplier random) {
        this.strings = strings;
        this.metrics = metrics;
        this.random = random;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return parse(name, "", config, problems);
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        return HttpFilterParser.unpack(config, Cors.class, problems)
                .map(message -> new CorsFilter.Factory(
                        name, CorsFilter.Stats.of(new FilterMeters(metrics, statPrefix)), random));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        return HttpFilterParser.unpack(
                        config, io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy.class, problems)
                .flatMap(message -> origins(message.getAllowOriginStringMatchList(), problems)
                        .map(origins -> new CorsPolicy(
                                origins,
                                message.getAllowMethods(),
                                message.getAllowHeaders(),
                                message.getExposeHeaders(),
                                message.getMaxAge(),
                                flag(message.hasAllowCredentials(), message.getAllowCredentials()),
                                flag(message.hasAllowPrivateNetworkAccess(), message.getAllowPrivateNetworkAccess()),
                                flag(
                                        message.hasForwardNotMatchingPreflights(),
                                        message.getForwardNotMatchingPreflights()),
                                message.hasFilterEnabled()
                                        ? FractionParser.parse(message.getFilterEnabled())
                                        : FractionParser.ALWAYS,
                                message.hasShadowEnabled()
                                        ? FractionParser.parse(message.getShadowEnabled())
                                        : FractionParser.NEVER)));
    }

    @Override
    public Object combine(List<Object> levels) {
        return levels.stream()
                .map(CorsPolicy.class::cast)
                .reduce(CorsPolicy::or)
                .orElseThrow();
    }

    @Override
    public Optional<Object> parseRouteFields(VirtualHost virtualHost, Route route, Problems problems) {
        List<Object> levels = new ArrayList<>();
        if (route.getRoute().hasCors()) {
            old(route.getRoute().getCors(), problems.at("cors")).ifPresent(levels::add);
        }
        if (virtualHost.hasCors()) {
            old(virtualHost.getCors(), problems.at("virtual host's cors")).ifPresent(levels::add);
        }
        return levels.isEmpty() ? Optional.empty() : Optional.of(combine(levels));
    }

    private Optional<CorsPolicy> old(io.envoyproxy.envoy.config.route.v3.CorsPolicy message, Problems problems) {
        return origins(message.getAllowOriginStringMatchList(), problems)
                .map(origins -> new CorsPolicy(
                        origins,
                        message.getAllowMethods(),
                        message.getAllowHeaders(),
                        message.getExposeHeaders(),
                        message.getMaxAge(),
                        flag(message.hasAllowCredentials(), message.getAllowCredentials()),
                        flag(message.hasAllowPrivateNetworkAccess(), message.getAllowPrivateNetworkAccess()),
                        flag(message.hasForwardNotMatchingPreflights(), message.getForwardNotMatchingPreflights()),
                        message.hasFilterEnabled()
                                ? FractionParser.parse(message.getFilterEnabled())
                                : FractionParser.ALWAYS,
                        message.hasShadowEnabled()
                                ? FractionParser.parse(message.getShadowEnabled())
                                : FractionParser.NEVER));
    }

    private Optional<List<ValueMatcher>> origins(List<StringMatcher> messages, Problems problems) {
        List<ValueMatcher> origins = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            strings.parse(messages.get(i), problems.at("allow_origin_string_match[" + i + "]"))
                    .ifPresent(origins::add);
        }
        return origins.size() == messages.size() ? Optional.of(origins) : Optional.empty();
    }

    private static @Nullable Boolean flag(boolean has, BoolValue value) {
        return has ? value.getValue() : null;
    }
}
