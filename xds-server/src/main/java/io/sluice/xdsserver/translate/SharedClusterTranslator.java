package io.sluice.xdsserver.translate;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.trace.v3.Tracing;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.netty.util.NetUtil;
import io.sluice.xdsserver.translate.filter.RateLimitFilterTranslator;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the nodes call beside the catalog's services, and how they are told of it. */
final class SharedClusterTranslator {
    static final String ZIPKIN = "sluice_zipkin";

    private final NodeSettings settings;

    SharedClusterTranslator(NodeSettings settings) {
        this.settings = settings;
    }

    List<Cluster> translate(NodeGroup group) {
        List<Cluster> clusters = new ArrayList<>();
        if (settings.rateLimit().isPresent()) {
            clusters.add(cluster(
                            RateLimitFilterTranslator.CLUSTER,
                            settings.rateLimit().get())
                    .putTypedExtensionProtocolOptions(ClusterTranslator.HTTP_OPTIONS, ClusterTranslator.HTTP2)
                    .build());
        } else if (group.kind() == NodeGroup.Kind.GATEWAY) {
            // For gateways with a limiter of their own only the name counts; to the others nobody answers.
            clusters.add(base(RateLimitFilterTranslator.CLUSTER)
                    .setType(Cluster.DiscoveryType.STATIC)
                    .build());
        }
        if (group.kind() == NodeGroup.Kind.ENVOY) {
            settings.zipkin()
                    .ifPresent(url -> clusters.add(cluster(
                                    ZIPKIN,
                                    InetSocketAddress.createUnresolved(
                                            url.getHost().replaceAll("[\\[\\]]", ""), port(url)))
                            .build()));
        }
        return clusters;
    }

    /** The provider of an Envoy's spans. A gateway reports by its own setting. */
    Optional<Tracing.Http> zipkin(NodeGroup group) {
        return settings.zipkin()
                .filter(url -> group.kind() == NodeGroup.Kind.ENVOY)
                .map(url -> Tracing.Http.newBuilder()
                        .setName("envoy.tracers.zipkin")
                        .setTypedConfig(Any.pack(ZipkinConfig.newBuilder()
                                .setCollectorCluster(ZIPKIN)
                                .setCollectorEndpoint(url.getRawPath().isEmpty() ? "/api/v2/spans" : url.getRawPath())
                                .setCollectorEndpointVersion(ZipkinConfig.CollectorEndpointVersion.HTTP_JSON)
                                .setCollectorHostname(url.getRawAuthority())
                                .setTraceId128Bit(true)
                                .setSharedSpanContext(BoolValue.of(false))
                                .build()))
                        .build());
    }

    private static int port(URI url) {
        return url.getPort() < 0 ? 80 : url.getPort();
    }

    private static Cluster.Builder base(String name) {
        return Cluster.newBuilder().setName(name).setConnectTimeout(Durations.fromSeconds(1));
    }

    private static Cluster.Builder cluster(String name, InetSocketAddress address) {
        String host = address.getHostString();
        boolean ip = NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host);
        Cluster.Builder cluster = base(name)
                .setType(ip ? Cluster.DiscoveryType.STATIC : Cluster.DiscoveryType.STRICT_DNS)
                .setLoadAssignment(ClusterLoadAssignment.newBuilder()
                        .setClusterName(name)
                        .addEndpoints(LocalityLbEndpoints.newBuilder()
                                .addLbEndpoints(LbEndpoint.newBuilder()
                                        .setEndpoint(
                                                Endpoint.newBuilder().setAddress(address(host, address.getPort()))))));
        if (!ip) {
            cluster.setDnsLookupFamily(Cluster.DnsLookupFamily.V4_PREFERRED);
        }
        return cluster;
    }

    static Address address(String host, int port) {
        return Address.newBuilder()
                .setSocketAddress(SocketAddress.newBuilder().setAddress(host).setPortValue(port))
                .build();
    }
}
