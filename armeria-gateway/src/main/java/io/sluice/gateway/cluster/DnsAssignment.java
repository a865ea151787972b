package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import java.util.List;

/** Endpoints known by name; each address that a name has is an endpoint. */
public record DnsAssignment(List<Name> names, int overprovisioning) {
    public DnsAssignment {
        names = List.copyOf(names);
    }

    /** @param hostname what a host rewrite takes; empty where only the address is known */
    public record Name(
            String host,
            String hostname,
            int port,
            int weight,
            Locality locality,
            int priority,
            Endpoint.HealthStatus health) {}
}
