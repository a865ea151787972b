package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import java.util.List;

/** Endpoints known by name; each address that a name has is an endpoint. */
public record DnsAssignment(List<Name> names, int overprovisioning) {
    public DnsAssignment {
        names = List.copyOf(names);
    }

    public record Name(
            String host, int port, int weight, Locality locality, int priority, Endpoint.HealthStatus health) {}
}
