package io.sluice.xdsserver.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.Server;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.xdsserver.settings.HostPort;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.VersionedResource;
import io.sluice.xdsserver.translate.NodeGroup;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The client that matters most is not ours. It asks for its listeners' real routes, and each request through it tells which are live. */
class EnvoyTest {
    private static final NodeGroup GROUP = new NodeGroup(NodeGroup.Kind.ENVOY, "eu");
    private static final ConfigSource ADS = ConfigSource.newBuilder()
            .setAds(AggregatedConfigSource.getDefaultInstance())
            .setResourceApiVersion(ApiVersion.V3)
            .build();

    private static final Server UPSTREAM_A = upstream("a");
    private static final Server UPSTREAM_B = upstream("b");

    @TempDir
    Path folder;

    private final FakeSnapshots snapshots = new FakeSnapshots();
    private Ads ads = new Ads(0);
    private int version;

    /** One life of the control plane. */
    private final class Ads implements AutoCloseable {
        final Clients clients = new Clients();
        final SimpleMeterRegistry meters = new SimpleMeterRegistry();
        final AdsServer server;

        Ads(int port) {
            server = new AdsServer(
                    new HostPort("127.0.0.1", port),
                    new AdsService(snapshots, clients, meters, InstantSource.system(), "xds-1", 1 << 20));
            server.start();
        }

        int port() {
            return server.address().port();
        }

        double count(String counter, ResourceType type) {
            return meters.find(counter).tag("type", type.name().toLowerCase(Locale.ROOT)).counters().stream()
                    .mapToDouble(each -> each.count())
                    .sum();
        }

        Optional<Client.Subscribed> view(ResourceType type) {
            return clients.list().join().stream()
                    .flatMap(client -> client.types().stream())
                    .filter(each -> each.type() == type)
                    .findFirst();
        }

        boolean accepted(ResourceType type, String wanted) {
            return view(type)
                    .flatMap(Client.Subscribed::accepted)
                    .map(Client.Stamp::version)
                    .filter(wanted::equals)
                    .isPresent();
        }

        @Override
        public void close() {
            server.close();
        }
    }

    @BeforeAll
    static void startUpstreams() {
        UPSTREAM_A.start().join();
        UPSTREAM_B.start().join();
    }

    @AfterAll
    static void stopUpstreams() {
        UPSTREAM_A.stop().join();
        UPSTREAM_B.stop().join();
    }

    @AfterEach
    void stopServer() {
        ads.close();
    }

    @DisplayName("an Envoy becomes LIVE, follows a route to its new cluster without losing a request, and drops what is"
            + " gone")
    @ParameterizedTest
    @EnumSource
    void followsWithoutLoss(Variant variant) throws IOException {
        publish(cluster("a"), endpoints("a", UPSTREAM_A), listener(), route("a"));
        try (EnvoyProcess envoy = EnvoyProcess.start(folder, ads.port(), variant)) {
            BlockingWebClient web = live(envoy);
            assertThat(web.get("/").contentUtf8()).isEqualTo("a");
            for (ResourceType type : EnumSet.complementOf(EnumSet.of(ResourceType.SECRET))) {
                assertThat(envoy.shows(type.typeUrl())).as(type.typeUrl()).isTrue();
            }
            Client client = ads.clients.list().join().getFirst();
            assertThat(client.nodeId()).isEqualTo("envoy-1");
            assertThat(client.group()).isEqualTo(GROUP);
            assertThat(client.types())
                    .hasSize(4)
                    .allMatch(type -> type.rejection().isEmpty());

            for (int round = 0; round < 5; round++) {
                String to = round % 2 == 0 ? "b" + round : "a" + round;
                String from = round == 0 ? "a" : round % 2 == 0 ? "a" + (round - 1) : "b" + (round - 1);
                Server upstream = round % 2 == 0 ? UPSTREAM_B : UPSTREAM_A;
                publish(cluster(to), endpoints(to, upstream), listener(), route(to));
                String expected = to.substring(0, 1);
                Wire.await("route to " + to, () -> {
                    AggregatedHttpResponse answer = web.get("/");
                    assertThat(answer.status().code()).as(envoy.log()).isEqualTo(200);
                    return answer.contentUtf8().equals(expected);
                });
                Wire.await("no " + from, () -> {
                    assertThat(web.get("/").contentUtf8()).isEqualTo(expected);
                    return !envoy.shows("\"name\": \"" + from + "\"");
                });
            }
            assertThat(ads.count("xds.refusals", ResourceType.CLUSTER)).isZero();
            assertThat(ads.count("xds.refusals", ResourceType.ROUTE)).isZero();
        }
        Wire.await("the killed Envoy is forgotten", () -> ads.clients.count() == 0 && snapshots.watches() == 0);
    }

    @DisplayName("what an Envoy refuses is shown with its reason, is not sent again, and takes no route along")
    @ParameterizedTest
    @EnumSource
    void showsWhatIsRefused(Variant variant) throws IOException {
        publish(cluster("a"), endpoints("a", UPSTREAM_A), listener(), route("a"));
        try (EnvoyProcess envoy = EnvoyProcess.start(folder, ads.port(), variant)) {
            BlockingWebClient web = live(envoy);
            VersionedResource good = cluster("a");
            VersionedResource bad = resource(
                    ResourceType.CLUSTER,
                    "bad",
                    edsCluster("bad")
                            .setConnectTimeout(Duration.getDefaultInstance())
                            .build());
            publish(good, bad, endpoints("a", UPSTREAM_A), endpoints("bad", UPSTREAM_B), listener(), route("bad"));
            Wire.await(
                    "a refusal",
                    () -> ads.view(ResourceType.CLUSTER)
                            .flatMap(Client.Subscribed::rejection)
                            .isPresent());
            Client.Rejection rejection =
                    ads.view(ResourceType.CLUSTER).orElseThrow().rejection().orElseThrow();
            assertThat(rejection.reason()).contains("bad").contains("ConnectTimeout");

            double sent = ads.count("xds.responses", ResourceType.CLUSTER);
            for (int i = 0; i < 5; i++) {
                VersionedResource moved = endpoints("a", UPSTREAM_A);
                publish(good, bad, moved, endpoints("bad", UPSTREAM_B), listener(), route("bad"));
                Wire.await(
                        "endpoints go on",
                        () -> ads.accepted(
                                ResourceType.ENDPOINT,
                                snapshots.current(GROUP).orElseThrow().version(ResourceType.ENDPOINT)));
                assertThat(web.get("/").contentUtf8()).isEqualTo("a");
            }
            assertThat(ads.count("xds.responses", ResourceType.CLUSTER)).isEqualTo(sent);
            assertThat(ads.count("xds.refusals", ResourceType.CLUSTER)).isEqualTo(1);

            publish(
                    good,
                    cluster("bad"),
                    endpoints("bad", UPSTREAM_B),
                    endpoints("a", UPSTREAM_A),
                    listener(),
                    route("bad"));
            Wire.await("the mended cluster", () -> web.get("/").contentUtf8().equals("b"));
            assertThat(ads.view(ResourceType.CLUSTER).orElseThrow().rejection()).isEmpty();
        }
    }

    @DisplayName("an Envoy that comes back to a new server is told the difference, and loses what went away meanwhile")
    @ParameterizedTest
    @EnumSource
    void comesBack(Variant variant) throws IOException {
        VersionedResource cluster = cluster("a");
        VersionedResource endpoints = endpoints("a", UPSTREAM_A);
        VersionedResource listener = listener();
        VersionedResource route = route("a");
        publish(cluster, cluster("ghost"), endpoints, endpoints("ghost", UPSTREAM_B), listener, route);
        try (EnvoyProcess envoy = EnvoyProcess.start(folder, ads.port(), variant)) {
            BlockingWebClient web = live(envoy);
            Wire.await("the ghost", () -> envoy.shows("\"name\": \"ghost\""));
            int port = ads.port();
            ads.close();
            assertThat(web.get("/").contentUtf8()).isEqualTo("a");

            publish(cluster, endpoints, listener, route);
            ads = new Ads(port);
            Wire.await("no ghost", () -> {
                assertThat(web.get("/").contentUtf8()).isEqualTo("a");
                return !envoy.shows("\"name\": \"ghost\"");
            });
            if (variant == Variant.DELTA) {
                assertThat(ads.count("xds.responses", ResourceType.ROUTE)).isZero();
                assertThat(ads.count("xds.responses", ResourceType.LISTENER)).isZero();
                assertThat(ads.count("xds.responses", ResourceType.CLUSTER)).isEqualTo(1);
            }
        }
    }

    private BlockingWebClient live(EnvoyProcess envoy) throws IOException {
        Wire.await("LIVE", () -> envoy.state().equals("LIVE"));
        return envoy.listener("edge").orElseThrow();
    }

    private void publish(VersionedResource... resources) {
        snapshots.publish(GROUP, Sample.snapshot(List.of(resources)));
    }

    private static Server upstream(String name) {
        return Server.builder()
                .http(0)
                .service("prefix:/", (context, request) -> HttpResponse.of(name))
                .gracefulShutdownTimeoutMillis(0, 0)
                .build();
    }

    private VersionedResource resource(ResourceType type, String name, Message message) {
        return new VersionedResource(type, name, "v" + ++version, Any.pack(message));
    }

    private static Cluster.Builder edsCluster(String name) {
        return Cluster.newBuilder()
                .setName(name)
                .setType(Cluster.DiscoveryType.EDS)
                .setEdsClusterConfig(Cluster.EdsClusterConfig.newBuilder().setEdsConfig(ADS));
    }

    private VersionedResource cluster(String name) {
        return resource(ResourceType.CLUSTER, name, edsCluster(name).build());
    }

    private VersionedResource endpoints(String name, Server upstream) {
        Address address = Address.newBuilder()
                .setSocketAddress(
                        SocketAddress.newBuilder().setAddress("127.0.0.1").setPortValue(upstream.activeLocalPort()))
                .build();
        return resource(
                ResourceType.ENDPOINT,
                name,
                ClusterLoadAssignment.newBuilder()
                        .setClusterName(name)
                        .addEndpoints(LocalityLbEndpoints.newBuilder()
                                .addLbEndpoints(LbEndpoint.newBuilder()
                                        .setEndpoint(Endpoint.newBuilder().setAddress(address))))
                        .build());
    }

    private VersionedResource listener() {
        HttpConnectionManager manager = HttpConnectionManager.newBuilder()
                .setStatPrefix("edge")
                .setRds(Rds.newBuilder().setConfigSource(ADS).setRouteConfigName("r"))
                .addHttpFilters(HttpFilter.newBuilder()
                        .setName("envoy.filters.http.router")
                        .setTypedConfig(Any.pack(Router.getDefaultInstance())))
                .build();
        return new VersionedResource(
                ResourceType.LISTENER,
                "edge",
                "v0",
                Any.pack(Listener.newBuilder()
                        .setName("edge")
                        .setAddress(Address.newBuilder()
                                .setSocketAddress(SocketAddress.newBuilder()
                                        .setAddress("127.0.0.1")
                                        .setPortValue(0)))
                        .addFilterChains(FilterChain.newBuilder()
                                .addFilters(Filter.newBuilder()
                                        .setName("envoy.filters.network.http_connection_manager")
                                        .setTypedConfig(Any.pack(manager))))
                        .build()));
    }

    private VersionedResource route(String cluster) {
        return resource(
                ResourceType.ROUTE,
                "r",
                RouteConfiguration.newBuilder()
                        .setName("r")
                        .addVirtualHosts(VirtualHost.newBuilder()
                                .setName("all")
                                .addDomains("*")
                                .addRoutes(Route.newBuilder()
                                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                                        .setRoute(RouteAction.newBuilder().setCluster(cluster))))
                        .build());
    }
}
