package io.sluice.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.ClusterSpec.Discovery;
import io.sluice.gateway.cluster.ClusterSpec.Protocol;
import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.cluster.health.HealthProbe;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Endpoint.HealthStatus;
import io.sluice.gateway.endpoint.Locality;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the metrics say of clusters, under Envoy's names. */
class ClusterGaugesTest {
    private final VirtualTimer time = new VirtualTimer();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ClusterGauges gauges = new ClusterGauges(registry);
    private final ClusterSet clusters = new ClusterSet(
            (endpoint, policy, result) -> result.accept(HealthProbe.Result.PASSED),
            (host, result) -> result.accept(List.of()),
            time.executor(),
            time::nanos);

    private static Endpoint endpoint(int port, HealthStatus health) {
        return new Endpoint(new InetSocketAddress(NetUtil.LOCALHOST4, port), "", 1, Locality.NONE, 0, health);
    }

    private void configure(Thresholds thresholds, @Nullable OutlierPolicy outlier) {
        ClusterSpec spec = new ClusterSpec(
                "up",
                new Discovery.Eds("up"),
                new Balancing(new LbPolicy.RoundRobin(), 50),
                Protocol.HTTP1,
                Connections.DEFAULT,
                thresholds,
                Thresholds.DEFAULT,
                List.of(),
                outlier,
                HostRules.DEFAULT);
        clusters.update(
                List.of(spec),
                Map.of(
                        "up",
                        new LoadAssignment(
                                List.of(
                                        endpoint(1, HealthStatus.HEALTHY),
                                        endpoint(2, HealthStatus.DEGRADED),
                                        endpoint(3, HealthStatus.UNHEALTHY)),
                                LoadAssignment.DEFAULT_OVERPROVISIONING)));
        gauges.update(clusters.all());
    }

    private double value(String name) {
        Meter meter = registry.get("envoy.cluster." + name)
                .tag("envoy_cluster_name", "up")
                .meter();
        return meter.measure().iterator().next().getValue();
    }

    private List<String> names() {
        return registry.getMeters().stream()
                .map(meter -> meter.getId().getName())
                .toList();
    }

    @Test
    void countsMembers() {
        configure(Thresholds.DEFAULT, null);
        assertThat(value("membership_total")).isEqualTo(3);
        assertThat(value("membership_healthy")).isEqualTo(1);
        assertThat(value("membership_degraded")).isEqualTo(1);
        assertThat(value("membership_change")).isEqualTo(1);
    }

    @Test
    void countsOutliersWhereTheyAreLookedFor() {
        configure(Thresholds.DEFAULT, null);
        assertThat(names()).noneMatch(name -> name.contains("outlier"));
        configure(
                Thresholds.DEFAULT,
                new OutlierPolicy(
                        new OutlierPolicy.Consecutive(1, 100),
                        new OutlierPolicy.Consecutive(5, 0),
                        new OutlierPolicy.Consecutive(5, 100),
                        new OutlierPolicy.SuccessRate(5, 100, 1900, 100, 100),
                        new OutlierPolicy.FailurePercentage(5, 50, 85, 0, 0),
                        new OutlierPolicy.Ejection(
                                Duration.ofSeconds(30), Duration.ofSeconds(90), Duration.ZERO, 40, false, true),
                        Duration.ofSeconds(10),
                        false));
        Cluster cluster = Objects.requireNonNull(clusters.get("up"));
        cluster.endpoints().forEach(each -> cluster.answered(each, 500));
        assertThat(value("outlier_detection_ejections_active")).isEqualTo(1);
        assertThat(value("outlier_detection_ejections_enforced_consecutive_5xx"))
                .isEqualTo(1);
        assertThat(value("outlier_detection_ejections_detected_consecutive_5xx"))
                .isEqualTo(3);
        assertThat(value("outlier_detection_ejections_overflow")).isEqualTo(2);
    }

    @Test
    void tellsWhatBreakersLeaveWhereThatIsAskedFor() {
        configure(new Thresholds(7, 6, 5, 4, null, Integer.MAX_VALUE, true), null);
        assertThat(value("circuit_breakers_default_remaining_cx")).isEqualTo(7);
        Objects.requireNonNull(clusters.get("up"))
                .defaultBreakers()
                .connections()
                .acquireAnyway();
        assertThat(value("circuit_breakers_default_remaining_cx")).isEqualTo(6);
        assertThat(names()).noneMatch(name -> name.contains("high_remaining"));
    }

    @Test
    void forgetsClustersThatAreGone() {
        configure(Thresholds.DEFAULT, null);
        clusters.update(List.of(), Map.of());
        gauges.update(clusters.all());
        assertThat(registry.getMeters()).isEmpty();
    }
}
