package io.sluice.gateway.compile;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.netty.util.NetUtil;
import io.sluice.gateway.route.AddressRange;
import io.sluice.gateway.secret.DownstreamTls;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.xds.Problems;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Turns a Listener into a port with filter chains, each with its HTTP connection manager. */
public final class ListenerParser {
    /** Envoy's per_connection_buffer_limit_bytes, which is also how much of a request is kept for a retry. */
    private static final long DEFAULT_BUFFER_BYTES = 1024 * 1024;

    /** Envoy's. */
    private static final Duration DEFAULT_LOOK_TIMEOUT = Duration.ofSeconds(15);

    private final HttpConnectionManagerParser managers;
    private final TlsContextParser tls;

    public ListenerParser(HttpConnectionManagerParser managers, TlsContextParser tls) {
        this.managers = managers;
        this.tls = tls;
    }

    /**
     * @param routes the route configuration of a name, empty where there is none yet: such a listener answers 404
     * @param own whether the bootstrap says it, and may name any file
     * @return empty when something was reported
     */
    public Optional<CompiledListener> parse(
            Listener listener, Function<String, Optional<RouteConfiguration>> routes, boolean own, Problems problems) {
        Optional<InetSocketAddress> address = address(listener.getAddress(), problems.at("address"));
        List<CompiledChain> chains = new ArrayList<>();
        if (listener.getFilterChainsCount() == 0 && !listener.hasDefaultFilterChain()) {
            problems.expected("filter_chains", "none", "at least one, or a default_filter_chain");
        }
        for (int i = 0; i < listener.getFilterChainsCount(); i++) {
            chain(listener, listener.getFilterChains(i), routes, own, problems.at("filter_chains[" + i + "]"))
                    .ifPresent(chains::add);
        }
        for (int i = 0; i < chains.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (chains.get(i).match().overlaps(chains.get(j).match())) {
                    problems.at("filter_chains[" + i + "]")
                            .wrong("filter_chain_match", "the same as that of filter_chains[" + j + "]");
                }
            }
        }
        Optional<CompiledChain> otherwise = listener.hasDefaultFilterChain()
                ? chain(listener, listener.getDefaultFilterChain(), routes, own, problems.at("default_filter_chain"))
                : Optional.empty();
        ListenerLook look = look(listener, problems);
        return address.isEmpty() || problems.any()
                ? Optional.empty()
                : Optional.of(
                        new CompiledListener(listener.getName(), address.get(), look, chains, otherwise.orElse(null)));
    }

    private static Optional<InetSocketAddress> address(Address address, Problems problems) {
        if (address.getAddressCase() != Address.AddressCase.SOCKET_ADDRESS) {
            return problems.unsupported("address", address.getAddressCase());
        }
        SocketAddress socket = address.getSocketAddress();
        byte[] ip = NetUtil.createByteArrayFromIpAddressString(socket.getAddress());
        if (ip == null) {
            return problems.at("socket_address").expected("address", "'" + socket.getAddress() + "'", "an IP address");
        }
        if (socket.getProtocol() != SocketAddress.Protocol.TCP) {
            return problems.at("socket_address").unsupported("protocol", socket.getProtocol());
        }
        try {
            return Optional.of(new InetSocketAddress(InetAddress.getByAddress(ip), socket.getPortValue()));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + ip.length + " bytes", e);
        }
    }

    private static ListenerLook look(Listener listener, Problems problems) {
        boolean proxy = false;
        boolean withoutProxy = false;
        boolean tls = false;
        boolean http = false;
        for (int i = 0; i < listener.getListenerFiltersCount(); i++) {
            Any config = listener.getListenerFilters(i).getTypedConfig();
            Problems at = problems.at("listener_filters[" + i + "]");
            try {
                if (config.is(ProxyProtocol.class)) {
                    proxy = true;
                    withoutProxy = config.unpack(ProxyProtocol.class).getAllowRequestsWithoutProxyProtocol();
                } else if (config.is(TlsInspector.class)) {
                    tls = true;
                } else if (config.is(HttpInspector.class)) {
                    http = true;
                } else {
                    at.unsupported("typed_config", config.getTypeUrl());
                }
            } catch (InvalidProtocolBufferException e) {
                at.wrong("typed_config", String.valueOf(e.getMessage()));
            }
        }
        return new ListenerLook(
                proxy,
                withoutProxy,
                tls,
                http,
                listener.hasListenerFiltersTimeout()
                        ? duration(listener.getListenerFiltersTimeout())
                        : DEFAULT_LOOK_TIMEOUT,
                listener.getContinueOnListenerFiltersTimeout());
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }

    private static ChainMatch match(FilterChainMatch match, Problems problems) {
        for (String name : match.getServerNamesList()) {
            if (name.contains("*") && (!name.startsWith("*.") || name.indexOf('*', 1) > 0)) {
                problems.expected("server_names", "'" + name + "'", "a name, or one that begins with *.");
            }
        }
        return new ChainMatch(
                match.getDestinationPort().getValue(),
                ranges(match.getPrefixRangesList(), "prefix_ranges", problems),
                match.getServerNamesList().stream()
                        .map(name -> name.toLowerCase(Locale.ROOT))
                        .toList(),
                match.getTransportProtocol(),
                match.getApplicationProtocolsList(),
                ranges(match.getDirectSourcePrefixRangesList(), "direct_source_prefix_ranges", problems),
                switch (match.getSourceType()) {
                    case ANY, UNRECOGNIZED -> ChainMatch.SourceType.ANY;
                    case SAME_IP_OR_LOOPBACK -> ChainMatch.SourceType.SAME_IP_OR_LOOPBACK;
                    case EXTERNAL -> ChainMatch.SourceType.EXTERNAL;
                },
                ranges(match.getSourcePrefixRangesList(), "source_prefix_ranges", problems),
                match.getSourcePortsList());
    }

    private static List<AddressRange> ranges(List<CidrRange> messages, String field, Problems problems) {
        List<AddressRange> ranges = new ArrayList<>();
        for (CidrRange range : messages) {
            AddressRange.of(range.getAddressPrefix(), range.getPrefixLen().getValue())
                    .ifPresentOrElse(
                            ranges::add,
                            () -> problems.expected(field, range.getAddressPrefix(), "an IP address and a length"));
        }
        return ranges;
    }

    private Optional<CompiledChain> chain(
            Listener listener,
            FilterChain chain,
            Function<String, Optional<RouteConfiguration>> routes,
            boolean own,
            Problems at) {
        ChainMatch match = match(chain.getFilterChainMatch(), at.at("filter_chain_match"));
        Optional<DownstreamTls> secure = tls(chain, own, at);
        Optional<HttpConnectionManager> manager = manager(listener, chain, routes, at);
        return manager.map(found -> new CompiledChain(
                chain.getName(),
                match,
                secure.orElse(null),
                duration(chain.getTransportSocketConnectTimeout()),
                found));
    }

    private Optional<DownstreamTls> tls(FilterChain chain, boolean own, Problems problems) {
        if (!chain.hasTransportSocket()) {
            return Optional.empty();
        }
        Problems at = problems.at("transport_socket");
        Any config = chain.getTransportSocket().getTypedConfig();
        try {
            if (config.is(DownstreamTlsContext.class)) {
                return tls.downstream(
                        config.unpack(DownstreamTlsContext.class), own, at.at("typed_config<DownstreamTlsContext>"));
            }
        } catch (InvalidProtocolBufferException e) {
            return at.wrong("typed_config", String.valueOf(e.getMessage()));
        }
        return at.unsupported("typed_config", config.getTypeUrl());
    }

    private Optional<HttpConnectionManager> manager(
            Listener listener, FilterChain chain, Function<String, Optional<RouteConfiguration>> routes, Problems at) {
        if (chain.getFiltersCount() != 1) {
            return at.expected("filters", chain.getFiltersCount() + " of them", "one, an HttpConnectionManager");
        }
        Filter filter = chain.getFilters(0);
        Problems inFilter = at.at("filters[0]");
        if (!filter.getTypedConfig().is(HttpConnectionManagerParser.MESSAGE)) {
            return inFilter.unsupported("typed_config", filter.getTypedConfig().getTypeUrl());
        }
        try {
            return managers.parse(
                    filter.getTypedConfig().unpack(HttpConnectionManagerParser.MESSAGE),
                    routes,
                    listener.hasPerConnectionBufferLimitBytes()
                            ? Integer.toUnsignedLong(
                                    listener.getPerConnectionBufferLimitBytes().getValue())
                            : DEFAULT_BUFFER_BYTES,
                    inFilter.at("typed_config<HttpConnectionManager>"));
        } catch (InvalidProtocolBufferException e) {
            return inFilter.wrong("typed_config", String.valueOf(e.getMessage()));
        }
    }
}
