package io.sluice.gateway.compile;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.netty.util.NetUtil;
import io.sluice.gateway.secret.DownstreamTls;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.xds.Problems;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Turns a Listener into a port with one HTTP connection manager. */
public final class ListenerParser {
    /** Envoy's per_connection_buffer_limit_bytes, which is also how much of a request is kept for a retry. */
    private static final long DEFAULT_BUFFER_BYTES = 1024 * 1024;

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
        Optional<CompiledChain> chain = chain(listener, routes, own, problems);
        return address.isEmpty() || chain.isEmpty() || problems.any()
                ? Optional.empty()
                : Optional.of(new CompiledListener(listener.getName(), address.get(), List.of(chain.get()), null));
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

    private Optional<CompiledChain> chain(
            Listener listener, Function<String, Optional<RouteConfiguration>> routes, boolean own, Problems problems) {
        if (listener.getFilterChainsCount() + (listener.hasDefaultFilterChain() ? 1 : 0) != 1) {
            return problems.expected("filter_chains", listener.getFilterChainsCount() + " of them", "exactly one");
        }
        boolean byDefault = listener.getFilterChainsCount() == 0;
        FilterChain chain = byDefault ? listener.getDefaultFilterChain() : listener.getFilterChains(0);
        Problems at = problems.at(byDefault ? "default_filter_chain" : "filter_chains[0]");
        Optional<DownstreamTls> secure = tls(chain, own, at);
        Optional<HttpConnectionManager> manager = manager(listener, chain, routes, at);
        return manager.map(found -> new CompiledChain(chain.getName(), secure.orElse(null), found));
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
