package io.sluice.gateway.filter.router;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.sluice.gateway.cluster.Clusters;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.TerminalFilter;
import io.sluice.gateway.upstream.Upstream;
import io.sluice.gateway.xds.Problems;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Makes the router, always the last filter. */
public final class RouterFilterParser implements HttpFilterParser {
    private final Clusters clusters;
    private final Upstream upstream;

    public RouterFilterParser(Clusters clusters, Upstream upstream) {
        this.clusters = clusters;
        this.upstream = upstream;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        Router router;
        try {
            router = config.unpack(Router.class);
        } catch (InvalidProtocolBufferException e) {
            return problems.wrong("typed_config", String.valueOf(e.getMessage()));
        }
        boolean suppress = router.getSuppressEnvoyHeaders();
        boolean heedExpected = router.getRespectExpectedRqTimeout();
        List<String> strict = List.copyOf(router.getStrictCheckHeadersList());
        return Optional.of(new TerminalFilter.Factory() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Set<Phase> phases() {
                return Set.of();
            }

            @Override
            public TerminalFilter create(Exchange exchange) {
                return new RouterFilter(exchange, clusters, upstream, suppress, heedExpected, strict);
            }
        });
    }
}
