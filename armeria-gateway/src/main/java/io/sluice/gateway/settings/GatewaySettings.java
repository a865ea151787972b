package io.sluice.gateway.settings;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the process reads at start, from its words, then {@code SLUICE_*} variables, then the settings file; each under one name.
 *
 * @param bootstrap an Envoy bootstrap file, which then says where the xDS server is
 * @param mode whether to serve, or only to tell something of the bootstrap
 * @param limiterOnly no listeners, only the limiter and its service
 * @param xds the xDS server, where no bootstrap is given
 * @param fullState whether to ask for full states instead of differences
 * @param nodeId with a bootstrap, in place of its own
 * @param region with a bootstrap, in place of its own
 * @param admin absent leaves it to the bootstrap, which may have none
 * @param configCache folder of the last good configuration; absent keeps none
 * @param zipkinUrl where spans are posted; absent traces nothing
 * @param limiterPort port of this node's Hazelcast member; absent makes it no member
 * @param limiterMembers the other members, {@code host:port}
 * @param limiterDeadline how long a shared bucket may take to answer; then the limit's failure policy decides
 * @param rlsPort port of Envoy's rate limit service; absent offers none
 * @param limits limits of other domains than {@code sluice}
 * @param drainTime how long a stopping gateway waits for what is under way
 * @param headersTimeout how long a request's head may take, where its listener does not say
 * @param maxConnections of callers, all listeners together
 * @param secretFolders whose files resources of the stream may name
 * @param requireUpstreamVerification whether clusters over TLS that verify nobody are refused
 */
public record GatewaySettings(
        Optional<Path> bootstrap,
        Mode mode,
        boolean limiterOnly,
        Optional<HostPort> xds,
        boolean fullState,
        String nodeId,
        String region,
        Optional<HostPort> admin,
        Optional<Path> configCache,
        Optional<URI> zipkinUrl,
        Optional<Integer> limiterPort,
        String limiterAddress,
        List<String> limiterMembers,
        Duration limiterDeadline,
        Optional<Integer> rlsPort,
        String rlsAddress,
        Optional<Path> limits,
        Duration drainTime,
        Duration headersTimeout,
        int maxConnections,
        List<Path> secretFolders,
        boolean requireUpstreamVerification) {

    /** Where the admin pages are when nobody says so and there is no bootstrap. */
    public static final HostPort DEFAULT_ADMIN = new HostPort("127.0.0.1", 19000);

    /** Every setting's name with what it takes. The chart's values carry the same names. */
    static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("mode", "serve, validate or explain"),
            Map.entry("role", "gateway or ratelimit"),
            Map.entry("xds", "HOST:PORT of the xDS server"),
            Map.entry("xds-protocol", "delta or sotw"),
            Map.entry("node-id", "this node's name"),
            Map.entry("region", "this node's region"),
            Map.entry("admin-address", "IP address of the admin page, 127.0.0.1 where not given"),
            Map.entry("admin-port", "its port, 0 for any; 19000 where neither it nor a bootstrap is given"),
            Map.entry("config-cache", "folder of the last good configuration"),
            Map.entry("zipkin-url", "URL to which spans are posted"),
            Map.entry("limiter-address", "IP address of this node's limiter member, 127.0.0.1 where not given"),
            Map.entry("limiter-port", "its port"),
            Map.entry("limiter-members", "HOST:PORT,... of the other members"),
            Map.entry("limiter-deadline", "how long a shared bucket may take to answer: 5ms"),
            Map.entry("rls-address", "IP address of the rate limit service, 127.0.0.1 where not given"),
            Map.entry("rls-port", "its port"),
            Map.entry("limits", "file with the limits of further domains"),
            Map.entry(
                    "require-upstream-verification",
                    "true or false: whether clusters over TLS that verify nobody are refused; false where not given"),
            Map.entry(
                    "secret-folders",
                    "FOLDER,... of files that resources of the stream may name; none where not given"),
            Map.entry("headers-timeout", "how long a request's head may take, where its listener does not say: 10s"),
            Map.entry("max-connections", "of callers, all listeners together: 10000"),
            Map.entry("drain-time", "how long to wait for what is under way when stopping: 30s"));

    /** What a start is for. */
    public enum Mode {
        SERVE,
        /** Only checks the bootstrap. */
        VALIDATE,
        /** Only answers what would become of requests. */
        EXPLAIN
    }

    /** Whether ports are opened and others asked. */
    public boolean serves() {
        return mode == Mode.SERVE;
    }

    /** A host and a port. */
    public record HostPort(String host, int port) {
        public InetSocketAddress unresolved() {
            return InetSocketAddress.createUnresolved(host, port);
        }

        @Override
        public String toString() {
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
        }
    }
}
