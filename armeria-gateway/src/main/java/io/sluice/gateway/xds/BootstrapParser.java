package io.sluice.gateway.xds;

import com.google.protobuf.Any;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.netty.util.NetUtil;
import io.sluice.gateway.settings.GatewaySettings;
import io.sluice.gateway.settings.GatewaySettings.HostPort;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads an Envoy bootstrap, the same file that starts an Envoy, or makes one of the few words that say as much. */
public final class BootstrapParser {
    private static final String ADS_CLUSTER = "xds_server";

    private BootstrapParser() {}

    /**
     * What a gateway starts with.
     *
     * @param discovered the kinds of which all are asked for at the xDS server
     * @param adsCluster the static cluster of the xDS server; empty where everything is static
     * @param adsMetadata headers that the xDS server is to be asked with
     * @param fullState whether the bootstrap asks for full states rather than differences
     */
    public record Start(
            Node node,
            Resources statics,
            Set<ResourceKind> discovered,
            Optional<String> adsCluster,
            Map<String, String> adsMetadata,
            boolean fullState,
            Optional<HostPort> admin,
            Bootstrap message) {
        public Start {
            discovered = Set.copyOf(discovered);
            adsMetadata = Map.copyOf(adsMetadata);
        }

        /** Without anything. */
        public static final Start NOTHING = new Start(
                Node.getDefaultInstance(),
                new Resources(),
                Set.of(),
                Optional.empty(),
                Map.of(),
                false,
                Optional.empty(),
                Bootstrap.getDefaultInstance());

        public boolean isStaticCluster(String name) {
            return statics.get(new ResourceKey(ResourceKind.CLUSTER, name)).isPresent();
        }

        public String nodeId() {
            return node.getId();
        }

        /** Where this node stands; empty when not said, as are the next two. */
        public String region() {
            return node.getLocality().getRegion();
        }

        public String zone() {
            return node.getLocality().getZone();
        }

        public String subZone() {
            return node.getLocality().getSubZone();
        }

        /** The cluster whose endpoints this node is one of, for zone aware balancing; empty when not said. */
        public String zoneAwareCluster() {
            return message.getClusterManager().getLocalClusterName();
        }

        /** This node's own cluster; empty when not said. */
        public String localCluster() {
            return node.getCluster();
        }
    }

    /**
     * @param nodeId in place of the file's, as Envoy's word {@code --service-node} says it; empty leaves it
     * @param region in place of the file's; empty leaves it
     * @return empty when the file could not be read; else what it says, whatever was reported beside
     */
    public static Optional<Start> parse(
            Path file, String nodeId, String region, SupportMatrix matrix, Problems problems) {
        Problems found = Problems.of(problems.path());
        YamlMessage yaml = new YamlMessage();
        Bootstrap.Builder bootstrap = Bootstrap.newBuilder();
        try {
            yaml.read(Files.readString(file), bootstrap, found);
        } catch (MalformedInputException e) {
            return problems.wrong("file", "not UTF-8");
        } catch (NoSuchFileException e) {
            return problems.wrong("file", "not there");
        } catch (IOException e) {
            return problems.wrong("file", "not readable: " + e.getMessage());
        }
        if (!nodeId.isEmpty()) {
            bootstrap.getNodeBuilder().setId(nodeId);
        }
        if (!region.isEmpty()) {
            bootstrap.getNodeBuilder().getLocalityBuilder().setRegion(region);
        }
        Start start = parse(bootstrap.build(), matrix, found);
        found.list().forEach(problem -> problems.add(withLine(problem, yaml)));
        return Optional.of(start);
    }

    private static String withLine(String problem, YamlMessage yaml) {
        if (problem.contains("line ")) {
            return problem;
        }
        int end = problem.indexOf(": ");
        int line = yaml.lineOf(end < 0 ? problem : problem.substring(0, end));
        return line == 0 ? problem : problem + ", line " + line;
    }

    /** The bootstrap that {@code --xds}, {@code --node-id} and {@code --region} stand for. */
    public static Start of(GatewaySettings settings, HostPort server, SupportMatrix matrix, Problems problems) {
        Address address = Address.newBuilder()
                .setSocketAddress(
                        SocketAddress.newBuilder().setAddress(server.host()).setPortValue(server.port()))
                .build();
        Cluster.Builder ads = Cluster.newBuilder()
                .setName(ADS_CLUSTER)
                .setType(
                        NetUtil.createByteArrayFromIpAddressString(server.host()) == null
                                ? Cluster.DiscoveryType.STRICT_DNS
                                : Cluster.DiscoveryType.STATIC)
                .setConnectTimeout(Durations.fromSeconds(1))
                .putTypedExtensionProtocolOptions(
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                        Any.pack(HttpProtocolOptions.newBuilder()
                                .setExplicitHttpConfig(HttpProtocolOptions.ExplicitHttpConfig.newBuilder()
                                        .setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()))
                                .build()))
                .setLoadAssignment(ClusterLoadAssignment.newBuilder()
                        .setClusterName(ADS_CLUSTER)
                        .addEndpoints(LocalityLbEndpoints.newBuilder()
                                .addLbEndpoints(LbEndpoint.newBuilder()
                                        .setLoadBalancingWeight(UInt32Value.of(1))
                                        .setEndpoint(Endpoint.newBuilder().setAddress(address)))));
        Bootstrap.Builder bootstrap = Bootstrap.newBuilder()
                .setNode(Node.newBuilder()
                        .setId(settings.nodeId())
                        .setCluster("sluice")
                        .setLocality(Locality.newBuilder().setRegion(settings.region())))
                .setDynamicResources(Bootstrap.DynamicResources.newBuilder()
                        .setCdsConfig(overAds())
                        .setLdsConfig(overAds())
                        .setAdsConfig(ApiConfigSource.newBuilder()
                                .setApiType(ApiConfigSource.ApiType.DELTA_GRPC)
                                .addGrpcServices(GrpcService.newBuilder()
                                        .setEnvoyGrpc(GrpcService.EnvoyGrpc.newBuilder()
                                                .setClusterName(ADS_CLUSTER)))))
                .setStaticResources(Bootstrap.StaticResources.newBuilder().addClusters(ads));
        return parse(bootstrap.build(), matrix, problems);
    }

    private static ConfigSource.Builder overAds() {
        return ConfigSource.newBuilder().setAds(AggregatedConfigSource.getDefaultInstance());
    }

    private static Start parse(Bootstrap bootstrap, SupportMatrix matrix, Problems problems) {
        matrix.check(bootstrap, problems);
        new PgvCheck().check(bootstrap, problems);
        Resources statics = statics(bootstrap.getStaticResources(), problems);
        Set<ResourceKind> discovered = EnumSet.noneOf(ResourceKind.class);
        if (bootstrap.getDynamicResources().hasCdsConfig()) {
            discovered.add(ResourceKind.CLUSTER);
        }
        if (bootstrap.getDynamicResources().hasLdsConfig()) {
            discovered.add(ResourceKind.LISTENER);
        }
        ApiConfigSource source = bootstrap.getDynamicResources().getAdsConfig();
        Optional<String> ads = Optional.empty();
        if (bootstrap.getDynamicResources().hasAdsConfig()) {
            ads = adsCluster(bootstrap, problems.at("dynamic_resources").at("ads_config"));
        } else if (!discovered.isEmpty()) {
            problems.at("dynamic_resources").expected("ads_config", "nothing", "where the xDS server is");
        }
        SocketAddress admin = bootstrap.getAdmin().getAddress().getSocketAddress();
        return new Start(
                bootstrap.getNode(),
                statics,
                discovered,
                ads,
                metadata(source),
                source.getApiType() == ApiConfigSource.ApiType.GRPC,
                bootstrap.hasAdmin()
                        ? Optional.of(new HostPort(admin.getAddress(), admin.getPortValue()))
                        : Optional.empty(),
                bootstrap);
    }

    private static Resources statics(Bootstrap.StaticResources from, Problems problems) {
        Resources statics = new Resources();
        Problems at = problems.at("static_resources");
        for (int i = 0; i < from.getClustersCount(); i++) {
            Cluster cluster = from.getClusters(i);
            ResourceKey key = new ResourceKey(ResourceKind.CLUSTER, cluster.getName());
            if (statics.get(key).isPresent()) {
                at.at("clusters[" + i + "]").wrong("name", "'" + cluster.getName() + "' twice");
            }
            if (isSound(at.at("clusters[" + i + "]"))) {
                statics.put(key, cluster);
            }
        }
        for (int i = 0; i < from.getListenersCount(); i++) {
            Listener listener = from.getListeners(i);
            String name = listener.getName().isEmpty() ? "listener-" + i : listener.getName();
            ResourceKey key = new ResourceKey(ResourceKind.LISTENER, name);
            if (statics.get(key).isPresent()) {
                at.at("listeners[" + i + "]").wrong("name", "'" + name + "' twice");
            }
            if (isSound(at.at("listeners[" + i + "]"))) {
                statics.put(key, listener.toBuilder().setName(name).build());
            }
        }
        for (int i = 0; i < from.getSecretsCount(); i++) {
            Secret secret = from.getSecrets(i);
            ResourceKey key = new ResourceKey(ResourceKind.SECRET, secret.getName());
            if (statics.get(key).isPresent()) {
                at.at("secrets[" + i + "]").wrong("name", "'" + secret.getName() + "' twice");
            }
            if (isSound(at.at("secrets[" + i + "]"))) {
                statics.put(key, secret);
            }
        }
        return statics;
    }

    private static Map<String, String> metadata(ApiConfigSource source) {
        Map<String, String> metadata = new LinkedHashMap<>();
        for (GrpcService service : source.getGrpcServicesList()) {
            service.getInitialMetadataList()
                    .forEach(header -> metadata.put(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
        }
        return metadata;
    }

    /** Only what is sound can be compiled. */
    private static boolean isSound(Problems place) {
        return place.list().stream().noneMatch(problem -> problem.startsWith(place.path() + " > "));
    }

    private static Optional<String> adsCluster(Bootstrap bootstrap, Problems problems) {
        ApiConfigSource source = bootstrap.getDynamicResources().getAdsConfig();
        Node node = bootstrap.getNode();
        if (node.getId().isEmpty() || node.getCluster().isEmpty()) {
            problems.expected("node", "no id or no cluster", "both, beside an xDS server");
        }
        if (source.getApiType() != ApiConfigSource.ApiType.GRPC
                && source.getApiType() != ApiConfigSource.ApiType.DELTA_GRPC) {
            problems.expected("api_type", source.getApiType(), "GRPC or DELTA_GRPC");
        }
        if (source.getGrpcServicesCount() != 1 || !source.getGrpcServices(0).hasEnvoyGrpc()) {
            return problems.expected("grpc_services", source.getGrpcServicesCount() + " of them", "one envoy_grpc");
        }
        String cluster = source.getGrpcServices(0).getEnvoyGrpc().getClusterName();
        if (bootstrap.getStaticResources().getClustersList().stream()
                .noneMatch(each -> each.getName().equals(cluster))) {
            return problems.at("grpc_services[0]")
                    .at("envoy_grpc")
                    .expected("cluster_name", "'" + cluster + "'", "a static cluster");
        }
        return Optional.of(cluster);
    }
}
