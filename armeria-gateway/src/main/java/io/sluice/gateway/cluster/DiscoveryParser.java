package io.sluice.gateway.cluster;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.extensions.clusters.dns.v3.DnsCluster;
import io.sluice.gateway.cluster.ClusterSpec.Discovery;
import io.sluice.gateway.xds.Problems;
import java.time.Duration;
import java.util.Optional;

/** Where a cluster's endpoints come from. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
final class DiscoveryParser {
    private final LoadAssignmentParser assignments = new LoadAssignmentParser();

    Optional<Discovery> parse(Cluster cluster, Problems problems) {
        ClusterLoadAssignment inline = cluster.getLoadAssignment();
        Problems at = problems.at("load_assignment");
        if (cluster.getClusterDiscoveryTypeCase() == Cluster.ClusterDiscoveryTypeCase.CLUSTER_TYPE) {
            return custom(cluster, problems.at("cluster_type").at("typed_config"), at);
        }
        return switch (cluster.getType()) {
            case STATIC -> assignments.parse(inline, at).map(Discovery.Static::new);
            case STRICT_DNS ->
                assignments.parseNames(inline, at).map(names -> new Discovery.StrictDns(names, policy(cluster)));
            case LOGICAL_DNS -> logical(inline, policy(cluster), at);
            case EDS ->
                Optional.of(new Discovery.Eds(
                        cluster.getEdsClusterConfig().getServiceName().isEmpty()
                                ? cluster.getName()
                                : cluster.getEdsClusterConfig().getServiceName()));
            case ORIGINAL_DST, UNRECOGNIZED -> problems.unsupported("type", cluster.getType());
        };
    }

    private Optional<Discovery> custom(Cluster cluster, Problems problems, Problems assignment) {
        var config = cluster.getClusterType().getTypedConfig();
        try {
            if (!config.is(DnsCluster.class)) {
                return problems.unsupported("type", config.getTypeUrl());
            }
            DnsCluster dns = config.unpack(DnsCluster.class);
            return dns.getAllAddressesInSingleEndpoint()
                    ? logical(cluster.getLoadAssignment(), policy(dns), assignment)
                    : assignments
                            .parseNames(cluster.getLoadAssignment(), assignment)
                            .map(names -> new Discovery.StrictDns(names, policy(dns)));
        } catch (InvalidProtocolBufferException e) {
            return problems.wrong("value", String.valueOf(e.getMessage()));
        }
    }

    private Optional<Discovery> logical(ClusterLoadAssignment inline, DnsPolicy policy, Problems problems) {
        return assignments.parseNames(inline, problems).flatMap(names -> {
            if (names.names().size() != 1) {
                return problems.expected(
                        "endpoints", names.names().size() + " in all", "one, of which any address may be used");
            }
            return Optional.<Discovery>of(new Discovery.LogicalDns(names, policy));
        });
    }

    private static DnsPolicy policy(Cluster cluster) {
        Cluster.RefreshRate failure = cluster.getDnsFailureRefreshRate();
        return new DnsPolicy(
                cluster.hasDnsRefreshRate() ? duration(cluster.getDnsRefreshRate()) : DnsPolicy.DEFAULT_REFRESH,
                duration(failure.getBaseInterval()),
                failure.hasMaxInterval()
                        ? duration(failure.getMaxInterval())
                        : duration(failure.getBaseInterval()).multipliedBy(10),
                duration(cluster.getDnsJitter()),
                cluster.getRespectDnsTtl(),
                switch (cluster.getDnsLookupFamily()) {
                    case AUTO, UNRECOGNIZED -> DnsPolicy.Family.AUTO;
                    case V4_ONLY -> DnsPolicy.Family.V4_ONLY;
                    case V6_ONLY -> DnsPolicy.Family.V6_ONLY;
                    case V4_PREFERRED -> DnsPolicy.Family.V4_PREFERRED;
                    case ALL -> DnsPolicy.Family.ALL;
                });
    }

    private static DnsPolicy policy(DnsCluster cluster) {
        DnsCluster.RefreshRate failure = cluster.getDnsFailureRefreshRate();
        return new DnsPolicy(
                cluster.hasDnsRefreshRate() ? duration(cluster.getDnsRefreshRate()) : DnsPolicy.DEFAULT_REFRESH,
                duration(failure.getBaseInterval()),
                failure.hasMaxInterval()
                        ? duration(failure.getMaxInterval())
                        : duration(failure.getBaseInterval()).multipliedBy(10),
                duration(cluster.getDnsJitter()),
                cluster.getRespectDnsTtl(),
                switch (cluster.getDnsLookupFamily()) {
                    case UNSPECIFIED, AUTO, UNRECOGNIZED -> DnsPolicy.Family.AUTO;
                    case V4_ONLY -> DnsPolicy.Family.V4_ONLY;
                    case V6_ONLY -> DnsPolicy.Family.V6_ONLY;
                    case V4_PREFERRED -> DnsPolicy.Family.V4_PREFERRED;
                    case ALL -> DnsPolicy.Family.ALL;
                });
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
