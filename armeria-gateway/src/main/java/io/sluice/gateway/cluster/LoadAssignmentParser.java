package io.sluice.gateway.cluster;

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
import java.util.List;
import java.util.Optional;

/** Turns a ClusterLoadAssignment into endpoints, or into names where the cluster looks them up. */
public final class LoadAssignmentParser {

    /** @return empty when something was reported; every address must be an IP address */
    public Optional<LoadAssignment> parse(ClusterLoadAssignment assignment, Problems problems) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (DnsAssignment.Name name : names(assignment, problems)) {
            byte[] ip = NetUtil.createByteArrayFromIpAddressString(name.host());
            if (ip == null) {
                problems.expected("address", name.host(), "an IP address; names need a cluster of type STRICT_DNS");
                continue;
            }
            endpoints.add(new Endpoint(
                    new InetSocketAddress(address(ip), name.port()),
                    name.hostname(),
                    name.weight(),
                    name.locality(),
                    name.priority(),
                    name.health()));
        }
        return problems.any()
                ? Optional.empty()
                : Optional.of(new LoadAssignment(endpoints, overprovisioning(assignment)));
    }

    Optional<DnsAssignment> parseNames(ClusterLoadAssignment assignment, Problems problems) {
        List<DnsAssignment.Name> names = names(assignment, problems);
        return problems.any() ? Optional.empty() : Optional.of(new DnsAssignment(names, overprovisioning(assignment)));
    }

    private static int overprovisioning(ClusterLoadAssignment assignment) {
        return assignment.getPolicy().hasOverprovisioningFactor()
                ? assignment.getPolicy().getOverprovisioningFactor().getValue()
                : LoadAssignment.DEFAULT_OVERPROVISIONING;
    }

    private static List<DnsAssignment.Name> names(ClusterLoadAssignment assignment, Problems problems) {
        List<DnsAssignment.Name> names = new ArrayList<>();
        for (int i = 0; i < assignment.getEndpointsCount(); i++) {
            LocalityLbEndpoints group = assignment.getEndpoints(i);
            Locality locality = new Locality(
                    group.getLocality().getRegion(),
                    group.getLocality().getZone(),
                    group.getLocality().getSubZone());
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
        return Optional.of(new DnsAssignment.Name(
                socket.getAddress(),
                endpoint.getEndpoint().getHostname(),
                socket.getPortValue(),
                weight,
                locality,
                group.getPriority(),
                health(endpoint.getHealthStatus())));
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
