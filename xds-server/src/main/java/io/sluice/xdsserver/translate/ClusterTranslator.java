package io.sluice.xdsserver.translate;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.HealthCheck;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig;
import io.envoyproxy.envoy.type.v3.CodecClientType;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy;
import io.sluice.sync.model.ServicePolicy.Protocol;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** How a service is called; what its policy does not say is Envoy's default. */
final class ClusterTranslator {
    static final String HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    /** HTTP/2 with prior knowledge. */
    static final Any HTTP2 = Any.pack(HttpProtocolOptions.newBuilder()
            .setExplicitHttpConfig(
                    ExplicitHttpConfig.newBuilder().setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()))
            .build());

    private ClusterTranslator() {}

    static Cluster translate(Service service) {
        ServicePolicy policy = service.policy();
        Cluster.Builder cluster = Cluster.newBuilder()
                .setName(service.name())
                .setType(Cluster.DiscoveryType.EDS)
                .setEdsClusterConfig(Cluster.EdsClusterConfig.newBuilder().setEdsConfig(ListenerTranslator.ADS))
                .setLbPolicy(
                        switch (policy.balancing()) {
                            case ROUND_ROBIN -> Cluster.LbPolicy.ROUND_ROBIN;
                            case LEAST_REQUEST -> Cluster.LbPolicy.LEAST_REQUEST;
                            case RANDOM -> Cluster.LbPolicy.RANDOM;
                        })
                // What the catalog no longer has is gone, whatever a node's own checks say.
                .setIgnoreHealthOnHostRemoval(true);
        if (policy.protocol() == Protocol.HTTP2) {
            cluster.putTypedExtensionProtocolOptions(HTTP_OPTIONS, HTTP2);
        }
        policy.tls().ifPresent(tls -> cluster.setTransportSocket(TlsTranslator.socket(tls, policy.protocol())));
        policy.connectTimeout().ifPresent(timeout -> cluster.setConnectTimeout(duration(timeout)));
        policy.healthCheck().ifPresent(check -> cluster.addHealthChecks(healthCheck(check, policy.protocol())));
        policy.outlierDetection().ifPresent(outlier -> cluster.setOutlierDetection(outlierDetection(outlier)));
        CircuitBreakers.Thresholds thresholds = thresholds(policy);
        if (!thresholds.equals(CircuitBreakers.Thresholds.getDefaultInstance())) {
            cluster.setCircuitBreakers(CircuitBreakers.newBuilder().addThresholds(thresholds));
        }
        return cluster.build();
    }

    /** Instances are checked as often without traffic as with it. */
    private static HealthCheck healthCheck(ServicePolicy.HealthCheck check, Protocol protocol) {
        HealthCheck.HttpHealthCheck.Builder http =
                HealthCheck.HttpHealthCheck.newBuilder().setPath(check.path());
        if (protocol == Protocol.HTTP2) {
            http.setCodecClientType(CodecClientType.HTTP2);
        }
        return HealthCheck.newBuilder()
                .setInterval(duration(check.interval()))
                .setNoTrafficInterval(duration(check.interval()))
                .setTimeout(duration(check.timeout()))
                .setHealthyThreshold(UInt32Value.of(check.healthyThreshold()))
                .setUnhealthyThreshold(UInt32Value.of(check.unhealthyThreshold()))
                .setHttpHealthCheck(http)
                .build();
    }

    /** Consecutive answers only: Envoy's success rate, which nobody asked for here, would eject by comparison with others. */
    private static OutlierDetection outlierDetection(ServicePolicy.OutlierDetection outlier) {
        return OutlierDetection.newBuilder()
                .setConsecutive5Xx(UInt32Value.of(outlier.consecutive5xx()))
                .setInterval(duration(outlier.interval()))
                .setBaseEjectionTime(duration(outlier.baseEjectionTime()))
                .setMaxEjectionPercent(UInt32Value.of(outlier.maxEjectionPercent()))
                .setEnforcingSuccessRate(UInt32Value.of(0))
                .build();
    }

    private static CircuitBreakers.Thresholds thresholds(ServicePolicy policy) {
        CircuitBreakers.Thresholds.Builder thresholds = CircuitBreakers.Thresholds.newBuilder();
        ifPresent(policy.maxConnections(), thresholds::setMaxConnections);
        ifPresent(policy.maxPendingRequests(), thresholds::setMaxPendingRequests);
        ifPresent(policy.maxRequests(), thresholds::setMaxRequests);
        ifPresent(policy.maxRetries(), thresholds::setMaxRetries);
        return thresholds.build();
    }

    private static void ifPresent(OptionalInt limit, Consumer<UInt32Value> set) {
        limit.ifPresent(value -> set.accept(UInt32Value.of(value)));
    }

    static Duration duration(java.time.Duration duration) {
        return Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }
}
