package io.sluice.xdsserver.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Any;
import com.google.rpc.Status;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.client.grpc.GrpcClients;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceStub;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.stub.StreamObserver;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy;
import io.sluice.sync.source.SourceStatus;
import io.sluice.xdsserver.settings.HostPort;
import io.sluice.xdsserver.snapshot.GroupStatus;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.SnapshotSource;
import io.sluice.xdsserver.snapshot.VersionedResource;
import io.sluice.xdsserver.stream.AdsServer;
import io.sluice.xdsserver.stream.AdsService;
import io.sluice.xdsserver.stream.Clients;
import io.sluice.xdsserver.translate.NodeGroup;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@code /clients} and the figures, with a real stream that first takes and then refuses. */
class ClientsPageTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private final OneCluster snapshots = new OneCluster();
    private final BlockingQueue<DeltaDiscoveryResponse> responses = new LinkedBlockingQueue<>();

    @Test
    void showsWhatEachClientWasSentTookAndRefused() throws Exception {
        Clients clients = new Clients();
        PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        AdsService service = new AdsService(snapshots, clients, metrics, () -> NOW, "xds-1", 1 << 20);
        HostPort anyPort = new HostPort("127.0.0.1", 0);
        try (AdsServer ads = new AdsServer(anyPort, service);
                AdminServer admin = new AdminServer(anyPort, metrics, new Quiet(), clients)) {
            ads.start();
            admin.start();
            WebClient web = WebClient.of("http://" + admin.address());
            snapshots.publish("v1");
            StreamObserver<DeltaDiscoveryRequest> requests = GrpcClients.builder("http://" + ads.address())
                    .responseTimeoutMillis(0)
                    .build(AggregatedDiscoveryServiceStub.class)
                    .deltaAggregatedResources(new Queue());
            requests.onNext(
                    request().setNode(Node.newBuilder().setId("envoy-1")).build());
            requests.onNext(request().setResponseNonce(next()).build());
            snapshots.publish("v2");
            requests.onNext(request()
                    .setResponseNonce(next())
                    .setErrorDetail(Status.newBuilder().setMessage("orders: <no>\n2026 ERROR forged"))
                    .build());
            snapshots.publish("v3"); // which comes when the refusal has been taken
            next();

            JsonNode page = page(web, "/clients");
            assertThat(page.at("/clients")).hasSize(1);
            JsonNode client = page.at("/clients/0");
            assertThat(client.get("peer").asText()).startsWith("127.0.0.1:");
            ((ObjectNode) client).remove("peer");
            assertThat(client).isEqualTo(new ObjectMapper().readTree("""
                {"node": "envoy-1", "group": "envoy/-", "variant": "delta", "since": "2026-01-02T03:04:05Z",
                  "version": "%s", "live": false, "types": [{
                  "type": "cluster", "live": false, "wildcard": true, "names": [],
                  "sent": {"version": "v3", "since": "2026-01-02T03:04:05Z"},
                  "acked": {"version": "v1", "since": "2026-01-02T03:04:05Z"},
                  "nacked": {"version": "v2", "reason": "orders: <no>\\n2026 ERROR forged", "since": "2026-01-02T03:04:05Z",
                    "items": ["service orders"]}}]}
                """.formatted(snapshots
                    .current(new NodeGroup(NodeGroup.Kind.ENVOY, ""))
                    .orElseThrow()
                    .version())));
            assertThat(page(web, "/clients?node=other").at("/clients")).isEmpty();
            assertThat(page(web, "/clients?node=envoy-1").at("/clients")).hasSize(1);
            assertThat(web.get("/metrics").aggregate().join().contentUtf8().lines())
                    .contains(
                            "xds_streams{variant=\"delta\"} 1.0",
                            "xds_requests_total{variant=\"delta\"} 3.0",
                            "xds_responses_total{type=\"cluster\",variant=\"delta\"} 3.0",
                            "xds_refusals_total{type=\"cluster\",variant=\"delta\"} 1.0",
                            "xds_refusals_total{type=\"route\",variant=\"sotw\"} 0.0");
            requests.onCompleted();
        }
    }

    private static DeltaDiscoveryRequest.Builder request() {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.CLUSTER.typeUrl());
    }

    private String next() throws InterruptedException {
        return Objects.requireNonNull(responses.poll(20, TimeUnit.SECONDS)).getNonce();
    }

    private static JsonNode page(WebClient web, String path) throws IOException {
        return new ObjectMapper().readTree(web.get(path).aggregate().join().contentUtf8());
    }

    private final class Queue implements StreamObserver<DeltaDiscoveryResponse> {
        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {}
    }

    /** The same for every group. */
    private static final class OneCluster implements SnapshotSource {
        private volatile Optional<Snapshot> current = Optional.empty();
        private volatile Runnable onChange = () -> {};

        void publish(String version) {
            Any body = Any.pack(Cluster.newBuilder()
                    .setName("orders")
                    .setAltStatName(version)
                    .build());
            current = Optional.of(new Snapshot(
                    Map.of(
                            ResourceType.CLUSTER,
                            new TreeMap<>(Map.of(
                                    "orders", new VersionedResource(ResourceType.CLUSTER, "orders", version, body)))),
                    Map.of(ResourceType.CLUSTER, version)));
            onChange.run();
        }

        @Override
        public Optional<Snapshot> current(NodeGroup group) {
            return current;
        }

        @Override
        public Watch watch(NodeGroup group, Runnable changed) {
            onChange = changed;
            return () -> {};
        }
    }

    private static final class Quiet implements io.sluice.xdsserver.admin.Status {
        @Override
        public String sourceName() {
            return "file:/x";
        }

        @Override
        public SourceStatus source() {
            return new SourceStatus(true, Optional.empty(), List.of());
        }

        @Override
        public List<GroupStatus> groups() {
            return List.of();
        }

        @Override
        public Optional<Catalog> catalog() {
            return Optional.of(new Catalog(
                    List.of(new Service("orders", ServicePolicy.DEFAULT, List.of())), List.of(), List.of(), List.of()));
        }

        @Override
        public List<Problem> problems() {
            return List.of();
        }
    }
}
