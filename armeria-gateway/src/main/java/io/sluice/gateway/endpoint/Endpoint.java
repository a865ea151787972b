package io.sluice.gateway.endpoint;

import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.Map;

/**
 * Where a cluster answers, as the control plane says it.
 *
 * @param address always resolved
 * @param hostname empty when not said
 * @param weight at least 1
 * @param priority 0 is used first
 */
public record Endpoint(
        InetSocketAddress address,
        String hostname,
        int weight,
        Locality locality,
        int priority,
        HealthStatus health,
        Traits traits) {
    public Endpoint(
            InetSocketAddress address,
            String hostname,
            int weight,
            Locality locality,
            int priority,
            HealthStatus health) {
        this(address, hostname, weight, locality, priority, health, Traits.NONE);
    }

    /** {@code ip:port}, in brackets for IPv6: the name of an endpoint in logs, metrics and state that survives updates. */
    public String key() {
        String ip = NetUtil.toAddressString(address.getAddress());
        return (ip.indexOf(':') >= 0 ? "[" + ip + "]" : ip) + ":" + address.getPort();
    }

    /** The same at another address. */
    public Endpoint at(InetSocketAddress other) {
        return new Endpoint(other, hostname, weight, locality, priority, health, traits);
    }

    /** Envoy's health_status, reduced to what balancing asks. */
    public enum HealthStatus {
        HEALTHY,
        DEGRADED,
        UNHEALTHY
    }

    /**
     * What few endpoints say of themselves.
     *
     * @param hashKey what it is hashed by, in place of its address; empty when not said
     * @param canary whether it serves a try-out
     * @param check where it is checked
     * @param socketMatch by which its transport socket is chosen
     */
    public record Traits(String hashKey, boolean canary, CheckTarget check, Map<String, String> socketMatch) {
        public static final Traits NONE = new Traits("", false, CheckTarget.SAME, Map.of());

        public Traits {
            socketMatch = Map.copyOf(socketMatch);
        }
    }

    /**
     * Where and as whom an endpoint is checked.
     *
     * @param host an IP address; empty for the endpoint's own
     * @param port 0 for the endpoint's own
     * @param hostname the check's authority; empty for the one that the check says
     * @param off it is not checked, and counts as well
     */
    public record CheckTarget(String host, int port, String hostname, boolean off) {
        public static final CheckTarget SAME = new CheckTarget("", 0, "", false);
    }
}
