package io.sluice.gateway.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.sluice.gateway.cluster.ClusterParser;
import io.sluice.gateway.cluster.ClusterSet;
import io.sluice.gateway.cluster.ClusterSpec;
import io.sluice.gateway.cluster.health.HealthProbe;
import io.sluice.gateway.listener.Listeners;
import io.sluice.gateway.listener.Overload;
import io.sluice.gateway.secret.DataSourceParser;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.settings.GatewaySettings.HostPort;
import io.sluice.gateway.tracing.Tracing;
import io.sluice.gateway.xds.AdsClient;
import io.sluice.gateway.xds.BootstrapParser;
import io.sluice.gateway.xds.Problems;
import io.sluice.gateway.xds.ResourceKey;
import io.sluice.gateway.xds.ResourceKind;
import io.sluice.gateway.xds.SupportMatrix;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On a real port. */
class AdminServerTest {
    private static final String BOOTSTRAP = """
        node: {id: n1, cluster: edge}
        dynamic_resources:
          cds_config: {ads: {}}
          ads_config:
            api_type: DELTA_GRPC
            grpc_services: [{envoy_grpc: {cluster_name: xds}, initial_metadata: [{key: authorization, value: Bearer hunter2}]}]
        static_resources:
          clusters:
          - name: xds
            load_assignment:
              cluster_name: xds
              endpoints:
              - locality: {region: eu, zone: a}
                lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 18000}}}, load_balancing_weight: 3}]
        """;

    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final AtomicInteger drains = new AtomicInteger();
    private final AtomicBoolean staticsLive = new AtomicBoolean(true);
    private AdsClient.View view = new AdsClient.View(false, Map.of(), Map.of(), null);
    private AdminServer server = server(AdminPages.ofLimitServer());

    @TempDir
    Path folder = Path.of("");

    @BeforeEach
    void start() throws IOException {
        Problems problems = Problems.of("b");
        BootstrapParser.Start start = BootstrapParser.parse(
                        Files.writeString(folder.resolve("b.yaml"), BOOTSTRAP), "", "", SupportMatrix.load(), problems)
                .orElseThrow();
        assertThat(problems.list()).isEmpty();
        ClusterSet clusters = new ClusterSet(
                (endpoint, policy, result) -> result.accept(HealthProbe.Result.PASSED),
                (name, result) -> result.accept(List.of()),
                timer,
                System::nanoTime);
        ClusterSpec spec = new ClusterParser(new TlsContextParser(new DataSourceParser(List.of())))
                .parse(start.message().getStaticResources().getClusters(0), false, problems)
                .orElseThrow();
        clusters.update(List.of(spec), Map.of());
        server = server(new AdminPages(
                start,
                clusters,
                new Listeners(loops, Tracing.OFF, metrics, new Overload(1, () -> 0, metrics), java.time.Duration.ZERO),
                staticsLive::get,
                Optional.of(() -> view)));
        server.start();
    }

    private AdminServer server(AdminPages pages) {
        return new AdminServer(new HostPort("127.0.0.1", 0), metrics, pages, drains::incrementAndGet);
    }

    @AfterEach
    void stop() {
        server.close();
        loops.shutdownGracefully();
        timer.shutdown();
    }

    private BlockingWebClient client() {
        return WebClient.of("http://127.0.0.1:" + server.port()).blocking();
    }

    private AggregatedHttpResponse get(String path) {
        return client().get(path);
    }

    private JsonNode json(String path) throws IOException {
        return new ObjectMapper().readTree(get(path).contentUtf8());
    }

    private void configured(Map<ResourceKey, AdsClient.Entry> accepted, Map<ResourceKey, AdsClient.Refusal> refused) {
        view = new AdsClient.View(true, accepted, refused, null);
    }

    @Test
    void isReadyFromTheFirstConfigurationUntilItDrains() {
        assertThat(get("/ready").status().code()).isEqualTo(503);
        assertThat(get("/ready").contentUtf8()).isEqualTo("INITIALIZING\n");
        configured(Map.of(), Map.of());
        staticsLive.set(false);
        assertThat(get("/ready").status().code()).isEqualTo(503);
        staticsLive.set(true);
        assertThat(get("/ready").status().code()).isEqualTo(200);
        assertThat(get("/ready").contentUtf8()).isEqualTo("LIVE\n");
        assertThat(client().execute(com.linecorp.armeria.common.HttpRequest.of(HttpMethod.HEAD, "/ready"))
                        .status()
                        .code())
                .isEqualTo(200);
        server.draining();
        assertThat(get("/ready").status().code()).isEqualTo(503);
        assertThat(get("/ready").contentUtf8()).isEqualTo("DRAINING\n");
    }

    @Test
    void drainsOnceAndOnlyWhenAskedByPost() {
        assertThat(get("/drain").status().code()).isEqualTo(405);
        assertThat(get("/drain").headers().get("allow")).isEqualTo("POST");
        assertThat(drains).hasValue(0);
        assertThat(client().post("/drain", "").contentUtf8()).isEqualTo("OK\n");
        client().post("/drain", "");
        assertThat(drains).hasValue(1);
        configured(Map.of(), Map.of());
        assertThat(get("/ready").contentUtf8()).isEqualTo("DRAINING\n");
    }

    @Test
    void dumpsWhatIsInForceAndWhatWasRefusedAndWhy() throws IOException {
        Instant since = Instant.parse("2030-01-01T00:00:00Z");
        ResourceKey good = new ResourceKey(ResourceKind.CLUSTER, "good");
        ResourceKey never = new ResourceKey(ResourceKind.LISTENER, "never");
        configured(
                Map.of(
                        good,
                        new AdsClient.Entry(
                                Cluster.newBuilder()
                                        .setName("good")
                                        .setAltStatName("x")
                                        .build(),
                                "v1",
                                since)),
                Map.of(
                        good, new AdsClient.Refusal("v2", "Cluster 'good' > filters: not supported", since),
                        never, new AdsClient.Refusal("v3", "Listener 'never' > address: nothing", since)));
        JsonNode configs = json("/config_dump").get("configs");
        assertThat(configs.findValuesAsText("@type").stream().filter(type -> type.contains("admin")))
                .containsExactly(
                        "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
                        "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
                        "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
                        "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
                        "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump",
                        "type.googleapis.com/envoy.admin.v3.SecretsConfigDump");
        JsonNode clusters = configs.get(1);
        assertThat(clusters.at("/static_clusters/0/cluster/name").asText()).isEqualTo("xds");
        JsonNode dynamic = clusters.at("/dynamic_active_clusters/0");
        assertThat(dynamic.at("/version_info").asText()).isEqualTo("v1");
        assertThat(dynamic.at("/cluster/alt_stat_name").asText()).isEqualTo("x");
        assertThat(dynamic.at("/last_updated").asText()).isEqualTo("2030-01-01T00:00:00Z");
        assertThat(dynamic.at("/client_status").asText()).isEqualTo("NACKED");
        assertThat(dynamic.at("/error_state/version_info").asText()).isEqualTo("v2");
        assertThat(dynamic.at("/error_state/details").asText()).isEqualTo("Cluster 'good' > filters: not supported");
        JsonNode listener = configs.get(2).at("/dynamic_listeners/0");
        assertThat(listener.at("/name").asText()).isEqualTo("never");
        assertThat(listener.has("active_state")).isFalse();
        assertThat(listener.at("/error_state/details").asText()).isEqualTo("Listener 'never' > address: nothing");
    }

    @Test
    void neverShowsASecret() {
        String dump = get("/config_dump").contentUtf8();
        assertThat(dump).doesNotContain("hunter2").contains("\"key\": \"authorization\"", "[redacted]");
    }

    @Test
    void listsClustersAsEnvoyDoes() throws IOException {
        assertThat(get("/clusters").contentUtf8().lines())
                .contains(
                        "xds::default_priority::max_connections::1024",
                        "xds::high_priority::max_retries::3",
                        "xds::added_via_api::false",
                        "xds::127.0.0.1:18000::rq_active::0",
                        "xds::127.0.0.1:18000::rq_total::0",
                        "xds::127.0.0.1:18000::health_flags::healthy",
                        "xds::127.0.0.1:18000::weight::3",
                        "xds::127.0.0.1:18000::region::eu",
                        "xds::127.0.0.1:18000::zone::a",
                        "xds::127.0.0.1:18000::priority::0");
        JsonNode host = json("/clusters?format=json").at("/cluster_statuses/0/host_statuses/0");
        assertThat(host.at("/address/socket_address/port_value").asInt()).isEqualTo(18000);
        assertThat(host.at("/health_status/eds_health_status").asText()).isEqualTo("HEALTHY");
        assertThat(host.at("/locality/region").asText()).isEqualTo("eu");
    }

    @Test
    void saysWhoItIs() throws IOException {
        JsonNode info = json("/server_info");
        assertThat(info.at("/state").asText()).isEqualTo("INITIALIZING");
        assertThat(info.at("/node/id").asText()).isEqualTo("n1");
        assertThat(info.at("/version").asText()).startsWith("sluice/");
        configured(Map.of(), Map.of());
        assertThat(json("/server_info").at("/state").asText()).isEqualTo("LIVE");
        server.draining();
        assertThat(json("/server_info").at("/state").asText()).isEqualTo("DRAINING");
    }

    @Test
    void showsMetricsAsPrometheusReadsThem() {
        metrics.counter("some.requests", "cluster", "a").increment(2);
        AggregatedHttpResponse response = get("/metrics");
        assertThat(response.contentType().toString()).startsWith("text/plain; version=0.0.4");
        assertThat(response.contentUtf8()).contains("some_requests_total{cluster=\"a\"} 2.0");
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /, 200",
        "GET, /listeners, 200",
        "POST, /ready, 405",
        "DELETE, /config_dump, 405",
        "PUT, /drain, 405",
        "GET, /nothing, 404",
        "GET, /ready/, 404",
        "GET, /../etc/passwd, 400"
    })
    void answersOnlyWhatItHas(HttpMethod method, String path, int status) {
        assertThat(client().execute(com.linecorp.armeria.common.HttpRequest.of(method, path))
                        .status()
                        .code())
                .isEqualTo(status);
    }

    @Test
    void saysHowNearItIsToTurningRequestsAway() {
        assertThat(get("/overload").contentUtf8())
                .isEqualTo("level::none\nmemory_pressure::0.00\nconnections::0\nmax_connections::1\n");
    }

    @Test
    void itsFirstPageNamesTheOthers() {
        assertThat(get("/").contentUtf8().lines().map(line -> line.substring(0, line.indexOf(':'))))
                .containsExactly(
                        "/",
                        "/clusters",
                        "/config_dump",
                        "/drain",
                        "/explain",
                        "/listeners",
                        "/metrics",
                        "/overload",
                        "/ready",
                        "/server_info");
    }

    @Test
    void aLimitServerIsReadyAtOnceAndHasNoClusters() throws IOException {
        try (AdminServer limits = server(AdminPages.ofLimitServer())) {
            limits.start();
            BlockingWebClient client =
                    WebClient.of("http://127.0.0.1:" + limits.port()).blocking();
            assertThat(client.get("/ready").status().code()).isEqualTo(200);
            assertThat(client.get("/clusters").contentUtf8()).isEmpty();
            assertThat(client.get("/config_dump").status().code()).isEqualTo(200);
        }
    }

    @Test
    void saysThatItsPortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                AdminServer second = new AdminServer(
                        new HostPort("127.0.0.1", ((InetSocketAddress) taken.getLocalSocketAddress()).getPort()),
                        metrics,
                        AdminPages.ofLimitServer(),
                        () -> {})) {
            assertThatThrownBy(second::start).isInstanceOf(CompletionException.class);
        }
    }

    @Test
    void metricsSayWhatTheProcessUses() {
        PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        EventLoopGroup workers = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        ProcessMeters.register(metrics, workers);
        assertThat(metrics.scrape()
                        .lines()
                        .filter(line -> line.matches("(envoy_server|netty|jvm|process)_\\S+ [1-9]\\S*")))
                .hasSizeGreaterThanOrEqualTo(6);
        assertThat(metrics.scrape()).contains("event_loop_pending_tasks 0.0");
        workers.shutdownGracefully();
    }
}
