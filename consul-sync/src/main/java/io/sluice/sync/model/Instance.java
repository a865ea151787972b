package io.sluice.sync.model;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One running copy of a service.
 *
 * @param address an IP address (Consul's Service.Address, else Node.Address)
 * @param port 1..65535
 * @param weight share of the traffic for its health as it is now (Consul's Weights.Passing or Weights.Warning), 0..65535; 0 gets none
 * @param region Consul's datacenter, or the file's {@code region}; empty when not said
 * @param zone empty when not said
 */
public record Instance(
        String id,
        String address,
        int port,
        int weight,
        Health health,
        String region,
        String zone,
        Map<String, String> meta,
        List<String> tags) {
    public Instance {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1..65535)");
        }
        if (weight < 0 || weight > 65535) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: 0..65535)");
        }
        meta = Collections.unmodifiableMap(new TreeMap<>(meta));
        tags = tags.stream().sorted().distinct().toList();
    }
}
