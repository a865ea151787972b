package io.sluice.gateway.filter.basicauth;

import com.google.common.base.Ascii;
import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.filters.http.basic_auth.v3.BasicAuth;
import io.envoyproxy.envoy.extensions.filters.http.basic_auth.v3.BasicAuthPerRoute;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;

/** Reads Envoy's {@code envoy.extensions.filters.http.basic_auth.v3}. */
public final class BasicAuthFilterParser implements HttpFilterParser {
    private final MeterRegistry metrics;

    public BasicAuthFilterParser(MeterRegistry metrics) {
        this.metrics = metrics;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuthPerRoute";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return parse(name, "", config, problems);
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        Optional<BasicAuth> unpacked = HttpFilterParser.unpack(config, BasicAuth.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        BasicAuth message = unpacked.get();
        String header = message.getAuthenticationHeader();
        return users(message.getUsers(), problems.at("users"))
                .map(users -> new BasicAuthFilter.Factory(
                        name,
                        users,
                        message.getForwardUsernameHeader(),
                        header.isEmpty() ? "authorization" : Ascii.toLowerCase(header),
                        BasicAuthFilter.Stats.of(new FilterMeters(metrics, statPrefix))));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        Optional<BasicAuthPerRoute> unpacked = HttpFilterParser.unpack(config, BasicAuthPerRoute.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        BasicAuthPerRoute message = unpacked.get();
        return users(message.getUsers(), problems.at("users")).map(users -> users);
    }

    private static Optional<Users> users(DataSource source, Problems problems) {
        String text;
        switch (source.getSpecifierCase()) {
            case INLINE_STRING -> text = source.getInlineString();
            case INLINE_BYTES -> text = source.getInlineBytes().toStringUtf8();
            case SPECIFIER_NOT_SET -> {
                return problems.expected("specifier", "none", "inline_string or inline_bytes");
            }
            case FILENAME, ENVIRONMENT_VARIABLE -> {
                return problems.unsupported("specifier", source.getSpecifierCase());
            }
            default -> throw new AssertionError(source.getSpecifierCase());
        }
        try {
            return Optional.of(Users.parse(text));
        } catch (IllegalArgumentException e) {
            return problems.wrong("inline_string", String.valueOf(e.getMessage()));
        }
    }
}
