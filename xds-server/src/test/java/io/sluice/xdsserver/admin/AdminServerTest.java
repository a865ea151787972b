package io.sluice.xdsserver.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.Any;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Problem;
import io.sluice.sync.source.SourceStatus;
import io.sluice.xdsserver.settings.HostPort;
import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.snapshot.GroupStatus;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.VersionedResource;
import io.sluice.xdsserver.stream.Clients;
import io.sluice.xdsserver.translate.NodeGroup;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The pages that need no stream; {@code /clients} with real ones is in {@code ClientsPageTest}. */
class AdminServerTest {
    private static final Instant THEN = Instant.parse("2026-01-02T03:04:05Z");

    // One server for all: stopping one takes Netty two seconds.
    private static final FakeStatus status = new FakeStatus();
    private static final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private static final AdminServer admin =
            new AdminServer(new HostPort("127.0.0.1", 0), metrics, status, new Clients());
    private static BlockingWebClient web = BlockingWebClient.of();

    @BeforeAll
    static void start() {
        admin.start();
        web = WebClient.of("http://" + admin.address()).blocking();
    }

    @AfterAll
    static void stop() {
        admin.close();
    }

    @BeforeEach
    void reset() {
        status.name = "consul://c:8500";
        status.source = new SourceStatus(true, Optional.empty(), List.of());
        status.groups = List.of();
        status.problems = List.of();
    }

    @Test
    void isNotReadyBeforeTheFirstFullSyncAndSaysWhatItWaitsFor() {
        status.source = new SourceStatus(false, Optional.empty(), List.of("service orders", "kv sluice/"));

        AggregatedHttpResponse answer = web.get("/ready");

        assertThat(answer.status()).isEqualTo(HttpStatus.SERVICE_UNAVAILABLE);
        assertThat(answer.contentUtf8())
                .isEqualTo("INITIALIZING: waiting for the first full sync of consul://c:8500: service orders, kv"
                        + " sluice/\n");
    }

    @Test
    void isReadyFromThenOnEvenWhenTheSourceIsLost() {
        status.source = new SourceStatus(true, Optional.of(THEN), List.of("service orders"));

        AggregatedHttpResponse answer = web.get("/ready");

        assertThat(answer.status()).isEqualTo(HttpStatus.OK);
        assertThat(answer.contentUtf8()).isEqualTo("LIVE\n");
    }

    @Test
    void readyVerboseSaysWhatIsLostRefusedAndWrong() {
        status.source =
                new SourceStatus(true, Optional.of(THEN), List.of("service orders"), List.of("service users: kept"));
        status.groups = List.of(group(Optional.of(
                new GroupStatus.Refusal(List.of("route 'edge' leads to cluster 'gone', which is not there"), THEN))));
        status.problems =
                List.of(new Problem("file:/x", "routes.yaml:12 routes[3].to", "no service 'odrers'", "orders"));

        assertThat(web.get("/ready?verbose").contentUtf8()).isEqualTo("""
            LIVE
            source: consul://c:8500
            lost since: 2026-01-02T03:04:05Z
            waiting for: service orders
            held back: service users: kept
            refused: gateway/eu: route 'edge' leads to cluster 'gone', which is not there
            problem: routes.yaml:12 routes[3].to: no service 'odrers' (expected: orders)
            """);
    }

    @Test
    void snapshotsShowsVersionsRefusalsAndProblems() throws IOException {
        status.groups = List.of(group(Optional.of(new GroupStatus.Refusal(List.of("dangling"), THEN))));
        status.problems = List.of(new Problem("file:/x", "a.yaml:1", "wrong", "right"));

        JsonNode page = json("/snapshots");

        assertThat(page.at("/groups/0/group").asText()).isEqualTo("gateway/eu");
        assertThat(page.at("/groups/0/refused").toString())
                .isEqualTo("{\"since\":\"2026-01-02T03:04:05Z\",\"reasons\":[\"dangling\"],\"still_serving\":true}");
        assertThat(page.at("/groups/0/types").findValuesAsText("type"))
                .containsExactly("cluster", "endpoint", "listener", "route", "secret");
        assertThat(page.at("/groups/0/types/0").toString())
                .isEqualTo(
                        "{\"type\":\"cluster\",\"version\":\"v-cluster\",\"resources\":[{\"name\":\"orders\",\"version\":\"1\"}]}");
        assertThat(page.at("/problems").toString())
                .isEqualTo(
                        "[{\"source\":\"file:/x\",\"where\":\"a.yaml:1\",\"reason\":\"wrong\",\"expected\":\"right\"}]");
    }

    @Test
    void snapshotsVerboseShowsWholeResourcesWithWhatTravelsInThem() throws IOException {
        status.groups = List.of(group(Optional.empty()));

        JsonNode page = json("/snapshots?verbose");

        assertThat(page.at("/groups/0/refused").isMissingNode()).isTrue();
        JsonNode cluster = page.at("/groups/0/types/0/resources/0/resource");
        assertThat(cluster.get("@type").asText()).isEqualTo("type.googleapis.com/envoy.config.cluster.v3.Cluster");
        assertThat(cluster.get("alt_stat_name").asText()).isEqualTo("o");
        JsonNode manager = page.at("/groups/0/types/2/resources/0/resource/filter_chains/0/filters/0/typed_config");
        assertThat(manager.get("stat_prefix").asText()).isEqualTo("edge");
        assertThat(manager.at("/http_filters/0/typed_config/@type").asText()).endsWith("http.router.v3.Router");
        JsonNode unreadable = page.at("/groups/0/types/3/resources/0/resource");
        assertThat(unreadable.toString())
                .isEqualTo(
                        "{\"@type\":\"type.googleapis.com/envoy.config.route.v3.RouteConfiguration\",\"value\":\"/w==\"}");
    }

    @Test
    void snapshotsAreNarrowedByGroupTypeAndName() throws IOException {
        status.groups = List.of(
                group(Optional.empty()),
                new GroupStatus(new NodeGroup(NodeGroup.Kind.ENVOY, ""), Optional.empty(), Optional.empty()));

        assertThat(json("/snapshots").get("groups")).hasSize(2);
        assertThat(json("/snapshots?group=envoy/-").toString())
                .isEqualTo("{\"groups\":[{\"group\":\"envoy/-\"}],\"problems\":[]}");
        assertThat(json("/snapshots?group=gateway/eu&type=listener").at("/groups/0/types"))
                .hasSize(1);
        assertThat(json("/snapshots?type=cluster&name=other").at("/groups/0/types/0/resources"))
                .isEmpty();
    }

    @Test
    void metricsAreForPrometheusAndTellTheDegradedModes() {
        status.source = new SourceStatus(true, Optional.of(THEN), List.of(), List.of("service users: kept"));
        status.problems = List.of(new Problem("s", "w", "r", "e"), new Problem("s", "w", "r", "e"));
        status.groups = List.of(group(Optional.of(new GroupStatus.Refusal(List.of("dangling"), THEN))));

        AggregatedHttpResponse answer = web.get("/metrics");

        assertThat(answer.contentType()).isEqualTo(MediaType.parse("text/plain; version=0.0.4; charset=utf-8"));
        assertThat(answer.contentUtf8()).containsPattern("(?m)^catalog_lost_seconds [1-9]");
        assertThat(answer.contentUtf8().lines())
                .contains(
                        "catalog_synced 1.0",
                        "catalog_lost 1.0",
                        "catalog_held 1.0",
                        "catalog_problems 2.0",
                        "snapshots_served 1.0",
                        "snapshots_refused 1.0");
    }

    @Test
    void theFirstPageLinksAllOthersAndEscapesWhatOthersWrote() {
        status.name = "file:/<b>";
        status.source = new SourceStatus(false, Optional.empty(), List.of());

        AggregatedHttpResponse answer = web.get("/");

        assertThat(answer.contentType()).isEqualTo(MediaType.HTML_UTF_8);
        assertThat(answer.contentUtf8())
                .contains("href=\"/ready?verbose\"", "href=\"/metrics\"", "href=\"/snapshots\"", "href=\"/clients\"")
                .contains("file:/&lt;b&gt;")
                .doesNotContain("<b>");
    }

    @Test
    void noClientsAreAnEmptyList() throws IOException {
        assertThat(json("/clients").toString()).isEqualTo("{\"clients\":[]}");
    }

    @Test
    void pagesAreOnlyRead() {
        assertThat(web.execute(HttpRequest.of(HttpMethod.POST, "/clients")).status())
                .isEqualTo(HttpStatus.METHOD_NOT_ALLOWED);
        assertThat(web.head("/ready").status()).isEqualTo(HttpStatus.OK);
        assertThat(web.get("/none").status()).isEqualTo(HttpStatus.NOT_FOUND);
    }

    @Test
    void aTakenPortStopsTheStart() {
        try (AdminServer second = new AdminServer(
                admin.address(), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT), status, new Clients())) {
            assertThatThrownBy(second::start)
                    .isInstanceOf(SettingsException.class)
                    .hasMessageStartingWith("admin-port: cannot listen on " + admin.address())
                    .hasMessageContaining("in use");
        }
    }

    private JsonNode json(String path) throws IOException {
        AggregatedHttpResponse answer = web.get(path);
        assertThat(answer.status()).isEqualTo(HttpStatus.OK);
        assertThat(answer.contentType()).isEqualTo(MediaType.JSON_UTF_8);
        return new ObjectMapper().readTree(answer.contentUtf8());
    }

    private static GroupStatus group(Optional<GroupStatus.Refusal> refusal) {
        Cluster cluster =
                Cluster.newBuilder().setName("orders").setAltStatName("o").build();
        HttpConnectionManager manager = HttpConnectionManager.newBuilder()
                .setStatPrefix("edge")
                .addHttpFilters(HttpFilter.newBuilder().setTypedConfig(Any.pack(Router.getDefaultInstance())))
                .build();
        Listener listener = Listener.newBuilder()
                .setName("edge")
                .addFilterChains(
                        FilterChain.newBuilder().addFilters(Filter.newBuilder().setTypedConfig(Any.pack(manager))))
                .build();
        Any broken = Any.newBuilder()
                .setTypeUrl(ResourceType.ROUTE.typeUrl())
                .setValue(com.google.protobuf.ByteString.copyFrom(new byte[] {(byte) 0xff}))
                .build();
        Snapshot snapshot = new Snapshot(
                Map.of(
                        ResourceType.CLUSTER, one(ResourceType.CLUSTER, "orders", Any.pack(cluster)),
                        ResourceType.LISTENER, one(ResourceType.LISTENER, "edge", Any.pack(listener)),
                        ResourceType.ROUTE, one(ResourceType.ROUTE, "edge", broken)),
                Map.of(ResourceType.CLUSTER, "v-cluster"));
        return new GroupStatus(new NodeGroup(NodeGroup.Kind.GATEWAY, "eu"), Optional.of(snapshot), refusal);
    }

    private static SortedMap<String, VersionedResource> one(ResourceType type, String name, Any body) {
        return new TreeMap<>(Map.of(name, new VersionedResource(type, name, "1", body)));
    }

    private static final class FakeStatus implements Status {
        private volatile String name = "consul://c:8500";
        private volatile SourceStatus source = new SourceStatus(true, Optional.empty(), List.of());
        private volatile List<GroupStatus> groups = List.of();
        private volatile List<Problem> problems = List.of();

        @Override
        public String sourceName() {
            return name;
        }

        @Override
        public SourceStatus source() {
            return source;
        }

        @Override
        public List<GroupStatus> groups() {
            return groups;
        }

        @Override
        public Optional<Catalog> catalog() {
            return Optional.empty();
        }

        @Override
        public List<Problem> problems() {
            return problems;
        }
    }
}
