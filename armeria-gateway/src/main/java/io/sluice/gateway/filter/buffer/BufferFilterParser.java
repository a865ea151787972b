package io.sluice.gateway.filter.buffer;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.extensions.filters.http.buffer.v3.Buffer;
import io.envoyproxy.envoy.extensions.filters.http.buffer.v3.BufferPerRoute;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;

/** Reads Envoy's {@code envoy.extensions.filters.http.buffer.v3}. */
public final class BufferFilterParser implements HttpFilterParser {
    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return HttpFilterParser.unpack(config, Buffer.class, problems)
                .map(message -> new BufferFilter.Factory(name, maxBytes(message)));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        return HttpFilterParser.unpack(config, BufferPerRoute.class, problems)
                .flatMap(message -> switch (message.getOverrideCase()) {
                    case DISABLED -> Optional.of(BufferFilter.PerRoute.OFF);
                    case BUFFER -> Optional.of(new BufferFilter.PerRoute(maxBytes(message.getBuffer())));
                    case OVERRIDE_NOT_SET -> problems.expected("override", "nothing", "disabled or buffer");
                });
    }

    private static long maxBytes(Buffer message) {
        return Integer.toUnsignedLong(message.getMaxRequestBytes().getValue());
    }
}
