package io.sluice.xdsserver.translate;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.trace.v3.Tracing;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.sluice.sync.model.ListenerRule;
import io.sluice.xdsserver.translate.filter.FilterScope;
import io.sluice.xdsserver.translate.filter.HttpFilterOrder;
import java.util.Optional;

/**
 * A port with one chain; its routes come under its own name, so that a changed route never touches the listener. Paths and headers are
 * treated as Envoy advises for a port that strangers reach. Source: Envoy, "Configuring Envoy as an edge proxy".
 */
final class ListenerTranslator {
    /** Where clusters and listeners say that their endpoints and routes come from: the stream they came from. */
    static final ConfigSource ADS = ConfigSource.newBuilder()
            .setResourceApiVersion(ApiVersion.V3)
            .setAds(AggregatedConfigSource.getDefaultInstance())
            .build();

    /** Of one HTTP/2 connection, as Envoy advises for an edge. */
    private static final int MAX_STREAMS = 100;

    private static final int STREAM_WINDOW_BYTES = 64 * 1024;
    private static final int CONNECTION_WINDOW_BYTES = 1024 * 1024;

    /** How long a caller may take for the head of a request. */
    private static final int HEADERS_SECONDS = 10;

    private static final AccessLog STDOUT = AccessLog.newBuilder()
            .setName("envoy.access_loggers.stdout")
            .setTypedConfig(Any.pack(StdoutAccessLog.getDefaultInstance()))
            .build();

    private final HttpConnectionManager manager;

    /** @param tracing where spans go, for nodes that do not know it themselves */
    ListenerTranslator(Optional<Tracing.Http> tracing, boolean accessLog) {
        HttpConnectionManager.Builder common = HttpConnectionManager.newBuilder()
                .setUseRemoteAddress(BoolValue.of(true))
                .setNormalizePath(BoolValue.of(true))
                .setMergeSlashes(true)
                .setPathWithEscapedSlashesAction(PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT)
                .setCommonHttpProtocolOptions(HttpProtocolOptions.newBuilder()
                        .setHeadersWithUnderscoresAction(
                                HttpProtocolOptions.HeadersWithUnderscoresAction.REJECT_REQUEST))
                .setHttp2ProtocolOptions(Http2ProtocolOptions.newBuilder()
                        .setMaxConcurrentStreams(UInt32Value.of(MAX_STREAMS))
                        .setInitialStreamWindowSize(UInt32Value.of(STREAM_WINDOW_BYTES))
                        .setInitialConnectionWindowSize(UInt32Value.of(CONNECTION_WINDOW_BYTES)))
                .setRequestHeadersTimeout(Duration.newBuilder().setSeconds(HEADERS_SECONDS))
                .addUpgradeConfigs(UpgradeConfig.newBuilder().setUpgradeType("websocket"));
        tracing.ifPresent(provider -> common.setTracing(HttpConnectionManager.Tracing.newBuilder()
                .setProvider(provider)
                .setSpawnUpstreamSpan(BoolValue.of(true))));
        if (accessLog) {
            common.addAccessLog(STDOUT);
        }
        manager = common.build();
    }

    Listener translate(ListenerRule listener, FilterScope scope) {
        HttpConnectionManager own = manager.toBuilder()
                .addAllHttpFilters(HttpFilterOrder.chain(scope))
                .setStatPrefix(listener.name())
                .setRds(Rds.newBuilder().setConfigSource(ADS).setRouteConfigName(listener.name()))
                .build();
        FilterChain.Builder chain = FilterChain.newBuilder()
                .addFilters(Filter.newBuilder()
                        .setName("envoy.filters.network.http_connection_manager")
                        .setTypedConfig(Any.pack(own)));
        listener.tls().ifPresent(tls -> chain.setTransportSocket(TlsTranslator.socket(tls)));
        return Listener.newBuilder()
                .setName(listener.name())
                .setAddress(SharedClusterTranslator.address(listener.address(), listener.port()))
                .addFilterChains(chain)
                .build();
    }
}
