package io.sluice.gateway.cluster;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.netty.util.NetUtil;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import io.sluice.gateway.xds.Problems;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns a ClusterLoadAssignment into endpoints, or into names where the cluster looks them up. */
public final class LoadAssignmentParser {
    /** Envoy's names for what a balancer reads of an endpoint's metadata. */
    private static final String BALANCER = "envoy.lb";

    private static final String SOCKET_MATCH = "envoy.transport_socket_match";
    private static final String HASH_KEY = "hash_key";
    private static final String CANARY = "canary";

    /** @return empty when something was reported; every address must be an IP address */
    public Optional<LoadAssignment> parse(ClusterLoadAssignment assignment, Problems problems) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (DnsAssignment.Name name : names(assignment, problems)) {
            byte[] ip = NetUtil.createByteArrayFromIpAddressString(name.host());
            if (ip == null) {
                problems.expected("address", name.host(), "an IP address; names need a cluster of type STRICT_DNS");
                continue;
            }
            endpoints.add(name.at(new InetSocketAddress(address(ip), name.port()), name.hostname()));
        }
        return problems.any() ? Optional.empty() : Optional.of(frame(assignment).withEndpoints(endpoints));
    }

    Optional<DnsAssignment> parseNames(ClusterLoadAssignment assignment, Problems problems) {
        List<DnsAssignment.Name> names = names(assignment, problems);
        return problems.any() ? Optional.empty() : Optional.of(new DnsAssignment(names, frame(assignment)));
    }

    private static LoadAssignment frame(ClusterLoadAssignment assignment) {
        int overprovisioning = assignment.getPolicy().hasOverprovisioningFactor()
                ? assignment.getPolicy().getOverprovisioningFactor().getValue()
                : LoadAssignment.DEFAULT_OVERPROVISIONING;
        Map<LoadAssignment.Place, Integer> weights = new HashMap<>();
        for (LocalityLbEndpoints group : assignment.getEndpointsList()) {
            if (group.hasLoadBalancingWeight()) {
                weights.put(
                        new LoadAssignment.Place(group.getPriority(), locality(group)),
                        group.getLoadBalancingWeight().getValue());
            }
        }
        return new LoadAssignment(
                List.of(), overprovisioning, assignment.getPolicy().getWeightedPriorityHealth(), weights);
    }

    private static Locality locality(LocalityLbEndpoints group) {
        return new Locality(
                group.getLocality().getRegion(),
                group.getLocality().getZone(),
                group.getLocality().getSubZone());
    }

    private static List<DnsAssignment.Name> names(ClusterLoadAssignment assignment, Problems problems) {
        List<DnsAssignment.Name> names = new ArrayList<>();
        for (int i = 0; i < assignment.getEndpointsCount(); i++) {
            LocalityLbEndpoints group = assignment.getEndpoints(i);
            Locality locality = locality(group);
            for (int j = 0; j < group.getLbEndpointsCount(); j++) {
                Problems at = problems.at("endpoints[" + i + "]").at("lb_endpoints[" + j + "]");
                name(group, group.getLbEndpoints(j), locality, at).ifPresent(names::add);
            }
        }
        return names;
    }

    private static Optional<DnsAssignment.Name> name(
            LocalityLbEndpoints group, LbEndpoint endpoint, Locality locality, Problems problems) {
        if (endpoint.getHostIdentifierCase() != LbEndpoint.HostIdentifierCase.ENDPOINT) {
            return problems.unsupported("host_identifier", endpoint.getHostIdentifierCase());
        }
        Address address = endpoint.getEndpoint().getAddress();
        if (address.getAddressCase() != Address.AddressCase.SOCKET_ADDRESS) {
            return problems.at("endpoint").unsupported("address", address.getAddressCase());
        }
        SocketAddress socket = address.getSocketAddress();
        if (socket.getPortSpecifierCase() != SocketAddress.PortSpecifierCase.PORT_VALUE) {
            return problems.at("endpoint").expected("port_value", "none", "1..65535");
        }
        if (endpoint.getHealthStatus() == HealthStatus.UNRECOGNIZED) {
            return problems.expected("health_status", endpoint.getHealthStatusValue(), "a value of HealthStatus");
        }
        int weight = endpoint.hasLoadBalancingWeight()
                ? endpoint.getLoadBalancingWeight().getValue()
                : 1;
        return checkTarget(endpoint.getEndpoint().getHealthCheckConfig(), problems.at("endpoint"))
                .map(check -> new DnsAssignment.Name(
                        socket.getAddress(),
                        socket.getPortValue(),
                        endpoint.getEndpoint().getHostname(),
                        weight,
                        locality,
                        group.getPriority(),
                        health(endpoint.getHealthStatus()),
                        new Endpoint.Traits(
                                balancerMetadata(endpoint, HASH_KEY).getStringValue(),
                                balancerMetadata(endpoint, CANARY).getBoolValue(),
                                check,
                                texts(endpoint.getMetadata()
                                        .getFilterMetadataOrDefault(SOCKET_MATCH, Struct.getDefaultInstance())))));
    }

    /** Of a matcher and what it matches, so that both are written alike. */
    static Map<String, String> texts(Struct struct) {
        Map<String, String> texts = new HashMap<>();
        struct.getFieldsMap().forEach((name, value) -> texts.put(name, value.toString()));
        return texts;
    }

    private static Value balancerMetadata(LbEndpoint endpoint, String key) {
        return endpoint.getMetadata()
                .getFilterMetadataOrDefault(BALANCER, Struct.getDefaultInstance())
                .getFieldsOrDefault(key, Value.getDefaultInstance());
    }

    private static Optional<Endpoint.CheckTarget> checkTarget(
            io.envoyproxy.envoy.config.endpoint.v3.Endpoint.HealthCheckConfig config, Problems problems) {
        String host = config.getAddress().getSocketAddress().getAddress();
        int port = config.hasAddress() ? config.getAddress().getSocketAddress().getPortValue() : config.getPortValue();
        if (!host.isEmpty() && NetUtil.createByteArrayFromIpAddressString(host) == null) {
            return problems.at("health_check_config").expected("address", host, "an IP address");
        }
        return Optional.of(
                new Endpoint.CheckTarget(host, port, config.getHostname(), config.getDisableActiveHealthCheck()));
    }

    private static Endpoint.HealthStatus health(HealthStatus status) {
        return switch (status) {
            case UNKNOWN, HEALTHY, UNRECOGNIZED -> Endpoint.HealthStatus.HEALTHY;
            case DEGRADED -> Endpoint.HealthStatus.DEGRADED;
            case UNHEALTHY, DRAINING, TIMEOUT -> Endpoint.HealthStatus.UNHEALTHY;
        };
    }

    private static InetAddress address(byte[] ip) {
        try {
            return InetAddress.getByAddress(ip);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + ip.length + " bytes", e);
        }
    }
}
