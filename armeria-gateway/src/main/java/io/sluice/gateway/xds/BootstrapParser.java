package io.sluice.gateway.xds;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
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
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.sluice.gateway.settings.GatewaySettings;
import io.sluice.gateway.settings.GatewaySettings.HostPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** Reads an Envoy bootstrap, the same file that starts an Envoy, or makes one of the few words that say as much. */
public final class BootstrapParser {
    private static final String ADS_CLUSTER = "xds_server";

    private BootstrapParser() {}

    /**
     * What a gateway starts with.
     *
     * @param adsCluster the static cluster of the xDS server; empty where everything is static
     */
    public record Start(
            Node node, Resources statics, Optional<String> adsCluster, Optional<HostPort> admin, Bootstrap message) {
        /** This node's own cluster; empty when not said. */
        public String localCluster() {
            return node.getCluster();
        }
    }

    /** @return empty when something was reported */
    public static Optional<Start> parse(Path file, SupportMatrix matrix, Problems problems) {
        Bootstrap.Builder bootstrap = Bootstrap.newBuilder();
        try {
            JsonNode tree = new ObjectMapper(new YAMLFactory()).readTree(Files.readString(file));
            JsonFormat.parser().usingTypeRegistry(EnvoyTypes.registry()).merge(tree.toString(), bootstrap);
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof MarkedYAMLException wrong && wrong.getProblemMark() != null) {
                return problems.wrong(
                        "line " + (wrong.getProblemMark().getLine() + 1), "not YAML: " + wrong.getProblem());
            }
            return problems.wrong("file", "not YAML: " + e.getOriginalMessage());
        } catch (InvalidProtocolBufferException e) {
            return problems.wrong("message", String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return problems.wrong("file", "not readable: " + e.getMessage());
        }
        return parse(bootstrap.build(), matrix, problems);
    }

    /** The bootstrap that {@code --xds}, {@code --node-id} and {@code --region} stand for. */
    public static Optional<Start> of(
            GatewaySettings settings, HostPort server, SupportMatrix matrix, Problems problems) {
        Address address = Address.newBuilder()
                .setSocketAddress(
                        SocketAddress.newBuilder().setAddress(server.host()).setPortValue(server.port()))
                .build();
        Cluster.Builder ads = Cluster.newBuilder()
                .setName(ADS_CLUSTER)
                .setType(Cluster.DiscoveryType.STRICT_DNS)
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
                        .setAdsConfig(ApiConfigSource.newBuilder()
                                .setApiType(ApiConfigSource.ApiType.DELTA_GRPC)
                                .addGrpcServices(GrpcService.newBuilder()
                                        .setEnvoyGrpc(GrpcService.EnvoyGrpc.newBuilder()
                                                .setClusterName(ADS_CLUSTER)))))
                .setStaticResources(Bootstrap.StaticResources.newBuilder().addClusters(ads));
        return parse(bootstrap.build(), matrix, problems);
    }

    private static Optional<Start> parse(Bootstrap bootstrap, SupportMatrix matrix, Problems problems) {
        matrix.check(bootstrap, problems);
        new PgvCheck().check(bootstrap, problems);
        Resources statics = new Resources();
        for (Cluster cluster : bootstrap.getStaticResources().getClustersList()) {
            statics.put(new ResourceKey(ResourceKind.CLUSTER, cluster.getName()), cluster);
        }
        int number = 0;
        for (Listener listener : bootstrap.getStaticResources().getListenersList()) {
            String name = listener.getName().isEmpty() ? "listener-" + number++ : listener.getName();
            statics.put(
                    new ResourceKey(ResourceKind.LISTENER, name),
                    listener.toBuilder().setName(name).build());
        }
        Optional<String> ads = Optional.empty();
        if (bootstrap.getDynamicResources().hasAdsConfig()) {
            ApiConfigSource source = bootstrap.getDynamicResources().getAdsConfig();
            ads = source.getGrpcServicesCount() == 1
                            && source.getGrpcServices(0).hasEnvoyGrpc()
                    ? Optional.of(source.getGrpcServices(0).getEnvoyGrpc().getClusterName())
                    : problems.at("dynamic_resources")
                            .at("ads_config")
                            .expected("grpc_services", source.getGrpcServicesCount() + " of them", "one envoy_grpc");
            ads.filter(name -> statics.get(new ResourceKey(ResourceKind.CLUSTER, name))
                            .isEmpty())
                    .ifPresent(name -> problems.at("dynamic_resources > ads_config")
                            .expected("cluster_name", "'" + name + "'", "a static cluster"));
        }
        SocketAddress admin = bootstrap.getAdmin().getAddress().getSocketAddress();
        return problems.any()
                ? Optional.empty()
                : Optional.of(new Start(
                        bootstrap.getNode(),
                        statics,
                        ads,
                        bootstrap.hasAdmin()
                                ? Optional.of(new HostPort(admin.getAddress(), admin.getPortValue()))
                                : Optional.empty(),
                        bootstrap));
    }

    /** Whether the bootstrap asks for full states rather than differences. */
    public static boolean asksForFullState(Start start) {
        return start.message().getDynamicResources().getAdsConfig().getApiType() == ApiConfigSource.ApiType.GRPC;
    }
}
