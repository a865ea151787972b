package io.sluice.gateway.filter.csrf;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.extensions.filters.http.csrf.v3.CsrfPolicy;
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

/** Reads Envoy's {@code envoy.extensions.filters.http.csrf.v3}. */
public final class CsrfFilterParser implements HttpFilterParser {
    private final StringMatcherParser strings;
    private final MeterRegistry metrics;
    private final LongSupplier random;

    /** @param random at least 0 */
    public CsrfFilterParser(StringMatcherParser strings, MeterRegistry metrics, LongSupplier random) {
        this.strings = strings;
        this.metrics = metrics;
        this.random = random;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.csrf.v3.CsrfPolicy";
    }

    @Override
    public String routeTypeUrl() {
        return typeUrl();
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return parse(name, "", config, problems);
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        return policy(config, problems)
                .map(policy -> new CsrfFilter.Factory(
                        name, policy, CsrfFilter.Stats.of(new FilterMeters(metrics, statPrefix)), random));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        return policy(config, problems).map(policy -> policy);
    }

    private Optional<CsrfFilter.Policy> policy(Any config, Problems problems) {
        return HttpFilterParser.unpack(config, CsrfPolicy.class, problems).flatMap(message -> {
            List<ValueMatcher> origins = new ArrayList<>();
            for (int i = 0; i < message.getAdditionalOriginsCount(); i++) {
                strings.parse(message.getAdditionalOrigins(i), problems.at("additional_origins[" + i + "]"))
                        .ifPresent(origins::add);
            }
            return origins.size() < message.getAdditionalOriginsCount()
                    ? Optional.empty()
                    : Optional.of(new CsrfFilter.Policy(
                            FractionParser.parse(message.getFilterEnabled()),
                            FractionParser.parse(message.getShadowEnabled()),
                            origins));
        });
    }
}
