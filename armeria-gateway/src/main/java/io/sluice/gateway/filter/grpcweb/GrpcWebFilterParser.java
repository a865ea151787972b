package io.sluice.gateway.filter.grpcweb;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.extensions.filters.http.grpc_web.v3.GrpcWeb;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;

/** Reads Envoy's {@code envoy.extensions.filters.http.grpc_web.v3}. */
public final class GrpcWebFilterParser implements HttpFilterParser {
    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return HttpFilterParser.unpack(config, GrpcWeb.class, problems).map(message -> new GrpcWebFilter.Factory(name));
    }
}
