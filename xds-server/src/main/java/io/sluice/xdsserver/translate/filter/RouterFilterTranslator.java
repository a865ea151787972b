package io.sluice.xdsserver.translate.filter;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.util.Optional;

/** Envoy's router, which calls the service. */
final class RouterFilterTranslator implements HttpFilterTranslator {
    private static final HttpFilter ROUTER = HttpFilter.newBuilder()
            .setName("envoy.filters.http.router")
            .setTypedConfig(Any.pack(Router.getDefaultInstance()))
            .build();

    @Override
    public Optional<HttpFilter> filter(FilterScope scope) {
        return Optional.of(ROUTER);
    }
}
