package io.sluice.xdsserver.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.sluice.xdsserver.translate.Translation;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What other control planes were measured to get wrong about versions and consistency; the other defects are in {@code stream}. */
class VersionDefectsTest {

    @Test
    @DisplayName(
            "defect k: a version is the same in every JVM, and does not depend on the order in which maps were filled")
    void defectKVersionIsOfTheContent() {
        assertThat(version(withMetadata("one", "two"))).isEqualTo("0d384c079988d0588f90b9fe4f88f8d9");
        assertThat(version(withMetadata("two", "one"))).isEqualTo(version(withMetadata("one", "two")));
    }

    @Test
    @DisplayName("defect l: two clusters that differ in two limits have two versions")
    void defectLNoCollision() {
        assertThat(version(withLimits(1024, 4000))).isNotEqualTo(version(withLimits(1025, 2039)));
    }

    @Test
    @DisplayName("defect q: the check knows the connection manager by what it is, whatever its filter is called")
    void defectQFilterName() {
        for (String name :
                List.of("envoy.filters.network.http_connection_manager", "envoy.http_connection_manager", "x")) {
            assertThat(SnapshotCheck.danglingReferences(with(listener(name), route("a"), cluster("a"))))
                    .isEmpty();
            assertThat(SnapshotCheck.danglingReferences(with(listener(name), List.of(), cluster("a"))))
                    .containsExactly("listener 'l': no route configuration 'r'");
        }
    }

    @Test
    @DisplayName("defect q: a route to an unknown cluster is found")
    void defectQUnknownCluster() {
        assertThat(SnapshotCheck.danglingReferences(with(List.of(), route("b"), cluster("a"))))
                .containsExactly("route configuration 'r': no cluster 'b'");
    }

    private static String version(Cluster cluster) {
        Snapshot snapshot = new Snapshots().of(with(List.of(), List.of(), List.of(cluster)));
        return snapshot.of(ResourceType.CLUSTER).values().iterator().next().version();
    }

    private static Translation with(List<Listener> listeners, List<RouteConfiguration> routes, List<Cluster> clusters) {
        return new Translation(listeners, routes, clusters, List.of(), List.of(), List.of());
    }

    private static List<Cluster> cluster(String name) {
        return List.of(Cluster.newBuilder().setName(name).build());
    }

    private static Cluster withMetadata(String first, String second) {
        return Cluster.newBuilder()
                .setName("a")
                .setMetadata(Metadata.newBuilder()
                        .putFilterMetadata(first, Struct.getDefaultInstance())
                        .putFilterMetadata(second, Struct.getDefaultInstance()))
                .build();
    }

    private static Cluster withLimits(int connections, int requests) {
        return Cluster.newBuilder()
                .setName("a")
                .setCircuitBreakers(CircuitBreakers.newBuilder()
                        .addThresholds(CircuitBreakers.Thresholds.newBuilder()
                                .setMaxConnections(UInt32Value.of(connections))
                                .setMaxRequests(UInt32Value.of(requests))))
                .build();
    }

    private static List<Listener> listener(String filterName) {
        HttpConnectionManager manager = HttpConnectionManager.newBuilder()
                .setRds(Rds.newBuilder().setRouteConfigName("r"))
                .build();
        return List.of(Listener.newBuilder()
                .setName("l")
                .addFilterChains(FilterChain.newBuilder()
                        .addFilters(Filter.newBuilder().setName(filterName).setTypedConfig(Any.pack(manager))))
                .build());
    }

    private static List<RouteConfiguration> route(String cluster) {
        return List.of(RouteConfiguration.newBuilder()
                .setName("r")
                .addVirtualHosts(VirtualHost.newBuilder()
                        .setName("all")
                        .addRoutes(Route.newBuilder()
                                .setRoute(RouteAction.newBuilder().setCluster(cluster))))
                .build());
    }
}
