package io.sluice.gateway.compile;

import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.sluice.gateway.accesslog.AccessLogParser;
import io.sluice.gateway.compile.HttpConnectionManager.Codec;
import io.sluice.gateway.compile.HttpConnectionManager.Connections;
import io.sluice.gateway.compile.HttpConnectionManager.EscapedSlashes;
import io.sluice.gateway.compile.HttpConnectionManager.Forwarded;
import io.sluice.gateway.compile.HttpConnectionManager.HostPort;
import io.sluice.gateway.compile.HttpConnectionManager.Http1;
import io.sluice.gateway.compile.HttpConnectionManager.LocalNode;
import io.sluice.gateway.compile.HttpConnectionManager.ServerHeader;
import io.sluice.gateway.compile.HttpConnectionManager.Underscores;
import io.sluice.gateway.compile.RouteConfigurationParser.ChainedFilter;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.LocalReplies;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.TerminalFilter;
import io.sluice.gateway.filter.Upgrades;
import io.sluice.gateway.route.AddressRange;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.tracing.TracePolicy;
import io.sluice.gateway.xds.Problems;
import io.sluice.gateway.xds.SupportMatrix;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Turns Envoy's HttpConnectionManager into ours: entry rules, filter chain, and the routes resolved for that chain. */
public final class HttpConnectionManagerParser {
    static final Class<HttpConnectionManager> MESSAGE = HttpConnectionManager.class;

    private static final int BYTES_OF_KIB = 1024;

    private final List<HttpFilterParser> filters;
    private final AccessLogParser accessLogs;
    private final LocalReplyParser localReplies;
    private final boolean traceReporter;
    private final LocalNode node;
    private final RouteConfigurationParser tables = new RouteConfigurationParser();

    /**
     * @param filters every filter there is
     * @param traceReporter whether spans go anywhere: then every listener traces, as its tracing message says or else all requests
     */
    public HttpConnectionManagerParser(
            List<HttpFilterParser> filters, AccessLogParser accessLogs, boolean traceReporter, LocalNode node) {
        this.filters = List.copyOf(filters);
        this.accessLogs = accessLogs;
        localReplies = new LocalReplyParser(accessLogs);
        this.traceReporter = traceReporter;
        this.node = node;
    }

    /** The name under which a manager asks for its routes, where they come from the stream. */
    public static Optional<String> routeConfigurationName(HttpConnectionManager manager) {
        return manager.hasRds() ? Optional.of(manager.getRds().getRouteConfigName()) : Optional.empty();
    }

    Optional<io.sluice.gateway.compile.HttpConnectionManager> parse(
            HttpConnectionManager manager,
            Function<String, Optional<RouteConfiguration>> routes,
            long bufferBytes,
            Problems problems) {
        List<ChainedFilter> chained = new ArrayList<>();
        Optional<FilterChain> chain = chain(manager, chained, problems);
        if (manager.getStripAnyHostPort() && manager.getStripMatchingHostPort()) {
            problems.expected("strip_any_host_port", "true beside strip_matching_host_port", "one of the two");
        }
        if (manager.getCodecType() == HttpConnectionManager.CodecType.HTTP3) {
            problems.unsupported("codec_type", manager.getCodecType());
        }
        Upgrades upgrades = upgrades(manager, problems);
        Optional<RouteTable<Route>> table = table(
                manager, routes, new RouteConfigurationParser.Surroundings(chained, upgrades, bufferBytes), problems);
        List<io.sluice.gateway.accesslog.AccessLog> logs = new ArrayList<>();
        for (int i = 0; i < manager.getAccessLogCount(); i++) {
            AccessLog log = manager.getAccessLog(i);
            accessLogs.parse(log, problems.at("access_log[" + i + "]")).ifPresent(logs::add);
        }
        List<AddressRange> internal = new ArrayList<>();
        for (CidrRange range : manager.getInternalAddressConfig().getCidrRangesList()) {
            AddressRange.of(range.getAddressPrefix(), range.getPrefixLen().getValue())
                    .ifPresentOrElse(
                            internal::add,
                            () -> problems.at("internal_address_config")
                                    .expected("cidr_ranges", range.getAddressPrefix(), "an IP address and a length"));
        }
        Optional<LocalReplies> replies = manager.hasLocalReplyConfig()
                ? localReplies.parse(manager.getLocalReplyConfig(), problems.at("local_reply_config"))
                : Optional.of(LocalReplies.AS_THEY_ARE);
        if (chain.isEmpty() || table.isEmpty() || replies.isEmpty() || problems.any()) {
            return Optional.empty();
        }
        var common = manager.getCommonHttpProtocolOptions();
        return Optional.of(new io.sluice.gateway.compile.HttpConnectionManager(
                manager.getStatPrefix(),
                table.get(),
                chain.get(),
                logs,
                tracing(manager),
                manager.hasStreamIdleTimeout() ? duration(manager.getStreamIdleTimeout()) : Duration.ofMinutes(5),
                duration(manager.getRequestTimeout()),
                common.hasIdleTimeout() ? duration(common.getIdleTimeout()) : Duration.ofHours(1),
                manager.hasDrainTimeout() ? duration(manager.getDrainTimeout()) : Duration.ofSeconds(5),
                or(common.hasMaxHeadersCount(), common.getMaxHeadersCount(), 100),
                BYTES_OF_KIB * or(manager.hasMaxRequestHeadersKb(), manager.getMaxRequestHeadersKb(), 60),
                switch (common.getHeadersWithUnderscoresAction()) {
                    case ALLOW, UNRECOGNIZED -> Underscores.ALLOW;
                    case REJECT_REQUEST -> Underscores.REJECT_REQUEST;
                    case DROP_HEADER -> Underscores.DROP_HEADER;
                },
                switch (manager.getServerHeaderTransformation()) {
                    case OVERWRITE, UNRECOGNIZED -> ServerHeader.OVERWRITE;
                    case APPEND_IF_ABSENT -> ServerHeader.APPEND_IF_ABSENT;
                    case PASS_THROUGH -> ServerHeader.PASS_THROUGH;
                },
                manager.getServerName().isEmpty() ? "envoy" : manager.getServerName(),
                manager.getVia().isEmpty() ? null : manager.getVia(),
                manager.getUseRemoteAddress().getValue(),
                manager.getXffNumTrustedHops(),
                manager.getSkipXffAppend(),
                internal,
                !manager.hasGenerateRequestId()
                        || manager.getGenerateRequestId().getValue(),
                manager.getPreserveExternalRequestId(),
                manager.getAlwaysSetRequestIdInResponse(),
                manager.getNormalizePath().getValue(),
                manager.getMergeSlashes(),
                switch (manager.getPathWithEscapedSlashesAction()) {
                    case IMPLEMENTATION_SPECIFIC_DEFAULT, KEEP_UNCHANGED, UNRECOGNIZED -> EscapedSlashes.KEEP_UNCHANGED;
                    case REJECT_REQUEST -> EscapedSlashes.REJECT_REQUEST;
                    case UNESCAPE_AND_REDIRECT -> EscapedSlashes.UNESCAPE_AND_REDIRECT;
                    case UNESCAPE_AND_FORWARD -> EscapedSlashes.UNESCAPE_AND_FORWARD;
                },
                manager.getStripAnyHostPort()
                        ? HostPort.STRIP_ANY
                        : manager.getStripMatchingHostPort() ? HostPort.STRIP_MATCHING : HostPort.KEEP,
                manager.getStripTrailingHostDot(),
                upgrades,
                manager.getHttpProtocolOptions().getAcceptHttp10(),
                or(
                        manager.getHttp2ProtocolOptions().hasMaxConcurrentStreams(),
                        manager.getHttp2ProtocolOptions().getMaxConcurrentStreams(),
                        1024),
                duration(common.getMaxStreamDuration()),
                forwarded(manager),
                replies.get(),
                bufferBytes,
                internalOnlyHeaders(manager, routes),
                manager.getHttpProtocolOptions().hasOverrideStreamErrorOnInvalidHttpMessage()
                        ? manager.getHttpProtocolOptions()
                                .getOverrideStreamErrorOnInvalidHttpMessage()
                                .getValue()
                        : manager.getStreamErrorOnInvalidHttpMessage().getValue(),
                manager.getProxy100Continue(),
                new Http1(
                        manager.getHttpProtocolOptions().getEnableTrailers(),
                        manager.getHttpProtocolOptions().getHeaderKeyFormat().hasProperCaseWords(),
                        !manager.getHttpProtocolOptions().hasAllowAbsoluteUrl()
                                || manager.getHttpProtocolOptions()
                                        .getAllowAbsoluteUrl()
                                        .getValue(),
                        manager.getHttpProtocolOptions()
                                        .getDefaultHostForHttp10()
                                        .isEmpty()
                                ? null
                                : manager.getHttpProtocolOptions().getDefaultHostForHttp10(),
                        switch (manager.getCodecType()) {
                            case AUTO, HTTP3, UNRECOGNIZED -> Codec.AUTO;
                            case HTTP1 -> Codec.HTTP1;
                            case HTTP2 -> Codec.HTTP2;
                        }),
                clientCertificates(manager),
                new Connections(
                        manager.hasRequestHeadersTimeout() ? duration(manager.getRequestHeadersTimeout()) : null,
                        duration(common.getMaxConnectionDuration()),
                        Integer.toUnsignedLong(
                                common.getMaxRequestsPerConnection().getValue()))));
    }

    private static ClientCertificates clientCertificates(HttpConnectionManager manager) {
        var details = manager.getSetCurrentClientCertDetails();
        return new ClientCertificates(
                switch (manager.getForwardClientCertDetails()) {
                    case SANITIZE, UNRECOGNIZED -> ClientCertificates.Mode.SANITIZE;
                    case FORWARD_ONLY -> ClientCertificates.Mode.FORWARD_ONLY;
                    case APPEND_FORWARD -> ClientCertificates.Mode.APPEND_FORWARD;
                    case SANITIZE_SET -> ClientCertificates.Mode.SANITIZE_SET;
                    case ALWAYS_FORWARD_ONLY -> ClientCertificates.Mode.ALWAYS_FORWARD_ONLY;
                },
                details.getSubject().getValue(),
                details.getCert(),
                details.getChain(),
                details.getDns(),
                details.getUri());
    }

    private static List<String> internalOnlyHeaders(
            HttpConnectionManager manager, Function<String, Optional<RouteConfiguration>> routes) {
        Optional<RouteConfiguration> table = manager.hasRds()
                ? routes.apply(manager.getRds().getRouteConfigName())
                : Optional.of(manager.getRouteConfig());
        return table.stream()
                .flatMap(found -> found.getInternalOnlyHeadersList().stream())
                .map(name -> name.toLowerCase(Locale.ROOT))
                .toList();
    }

    private Forwarded forwarded(HttpConnectionManager manager) {
        String scheme = manager.getSchemeHeaderTransformation().getSchemeToOverwrite();
        return new Forwarded(
                scheme.isEmpty() ? null : scheme,
                manager.getAppendXForwardedPort(),
                manager.getAddUserAgent().getValue() ? node : null);
    }

    private Optional<FilterChain> chain(HttpConnectionManager manager, List<ChainedFilter> chained, Problems problems) {
        List<HttpFilterFactory> before = new ArrayList<>();
        Set<Integer> off = new HashSet<>();
        TerminalFilter.Factory terminal = null;
        for (int i = 0; i < manager.getHttpFiltersCount(); i++) {
            HttpFilter filter = manager.getHttpFilters(i);
            Problems at = problems.at("http_filters[" + i + "]");
            if (filter.getConfigTypeCase() != HttpFilter.ConfigTypeCase.TYPED_CONFIG) {
                at.unsupported("config_type", filter.getConfigTypeCase());
                continue;
            }
            String type = filter.getTypedConfig().getTypeUrl();
            Optional<HttpFilterParser> parser =
                    filters.stream().filter(p -> p.typeUrl().equals(type)).findFirst();
            if (parser.isEmpty()) {
                if (!filter.getIsOptional() || SupportMatrix.guards(type)) {
                    at.unsupported("typed_config", type);
                }
                continue;
            }
            Problems inConfig = at.at("typed_config<" + type.substring(type.lastIndexOf('.') + 1) + ">");
            Optional<HttpFilterFactory> factory =
                    parser.get().parse(filter.getName(), manager.getStatPrefix(), filter.getTypedConfig(), inConfig);
            boolean last = i == manager.getHttpFiltersCount() - 1;
            if (factory.isEmpty()) {
                continue;
            }
            if (factory.get() instanceof TerminalFilter.Factory end) {
                if (!last) {
                    at.expected("typed_config", type, "the router at the end of the chain");
                }
                terminal = end;
            } else if (last) {
                at.expected("typed_config", type, "the router at the end of the chain");
            } else {
                if (filter.getDisabled()) {
                    off.add(before.size());
                }
                before.add(factory.get());
                chained.add(new ChainedFilter(filter.getName(), parser.get(), filter.getDisabled()));
            }
        }
        if (terminal == null) {
            if (manager.getHttpFiltersCount() == 0) {
                problems.expected("http_filters", "none", "at least the router");
            }
            return Optional.empty();
        }
        return Optional.of(new FilterChain(before, off, terminal));
    }

    private Optional<RouteTable<Route>> table(
            HttpConnectionManager manager,
            Function<String, Optional<RouteConfiguration>> routes,
            RouteConfigurationParser.Surroundings around,
            Problems problems) {
        return switch (manager.getRouteSpecifierCase()) {
            case ROUTE_CONFIG -> tables.parse(manager.getRouteConfig(), around, problems.at("route_config"));
            case RDS -> {
                String name = manager.getRds().getRouteConfigName();
                Optional<RouteConfiguration> table = routes.apply(name);
                yield table.isEmpty()
                        ? Optional.of(RouteTable.of(List.of(), false))
                        : tables.parse(table.get(), around, problems.at("rds '" + name + "'"));
            }
            case SCOPED_ROUTES, ROUTESPECIFIER_NOT_SET ->
                problems.unsupported("route_specifier", manager.getRouteSpecifierCase());
        };
    }

    private static Upgrades upgrades(HttpConnectionManager manager, Problems problems) {
        Map<String, Boolean> allowed = new HashMap<>();
        for (int i = 0; i < manager.getUpgradeConfigsCount(); i++) {
            HttpConnectionManager.UpgradeConfig upgrade = manager.getUpgradeConfigs(i);
            RouteConfigurationParser.upgrade(
                    upgrade.getUpgradeType(),
                    !upgrade.hasEnabled() || upgrade.getEnabled().getValue(),
                    allowed,
                    problems.at("upgrade_configs[" + i + "]"));
        }
        return new Upgrades(allowed);
    }

    private TracePolicy tracing(HttpConnectionManager manager) {
        if (!traceReporter) {
            return TracePolicy.OFF;
        }
        var tracing = manager.getTracing();
        return new TracePolicy(
                true,
                tracing.hasRandomSampling() ? tracing.getRandomSampling().getValue() : 100,
                tracing.hasOverallSampling() ? tracing.getOverallSampling().getValue() : 100,
                true);
    }

    private static int or(boolean has, UInt32Value value, int otherwise) {
        return has ? value.getValue() : otherwise;
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
