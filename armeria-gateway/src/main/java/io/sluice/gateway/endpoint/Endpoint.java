package io.sluice.gateway.endpoint;

import java.net.InetSocketAddress;

/**
 * Where a cluster answers, as the control plane says it.
 *
 * @param address always resolved
 * @param hostname empty when not said
 * @param weight at least 1
 * @param priority 0 is used first
 */
public record Endpoint(
        InetSocketAddress address, String hostname, int weight, Locality locality, int priority, HealthStatus health) {
    /** {@code ip:port}, in brackets for IPv6: the name of an endpoint in logs, metrics and state that survives updates. */
    public String key() {
        String ip = address.getAddress().getHostAddress();
        return (ip.indexOf(':') >= 0 ? "[" + ip + "]" : ip) + ":" + address.getPort();
    }

    /** Envoy's health_status, reduced to what balancing asks. */
    public enum HealthStatus {
        HEALTHY,
        DEGRADED,
        UNHEALTHY
    }
}
