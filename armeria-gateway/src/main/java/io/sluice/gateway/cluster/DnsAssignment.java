package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * Endpoints known by name.
 *
 * @param frame what is said of all of them, without endpoints
 */
public record DnsAssignment(List<Name> names, LoadAssignment frame) {
    public DnsAssignment {
        names = List.copyOf(names);
    }

    /** @param hostname what a host rewrite takes; empty where only the address is known */
    public record Name(
            String host,
            int port,
            String hostname,
            int weight,
            Locality locality,
            int priority,
            Endpoint.HealthStatus health,
            Endpoint.Traits traits) {
        Endpoint at(InetSocketAddress address, String known) {
            return new Endpoint(address, known, weight, locality, priority, health, traits);
        }
    }
}
