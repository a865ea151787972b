package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One listener {@code edge}, every route to one cluster {@code up}: what starts a gateway and an Envoy alike where a data plane alone is looked at.
 *
 * @param routes items of the virtual host's list
 * @param manager further fields of the connection manager
 * @param filters items of the list of filters, before the router
 * @param cluster further fields of the cluster
 * @param clusters items of the list of clusters, beside it
 */
public record StaticBootstrap(
        int port,
        int adminPort,
        List<Integer> upstreamPorts,
        String routes,
        String manager,
        String filters,
        String cluster,
        String clusters) {
    public StaticBootstrap {
        upstreamPorts = List.copyOf(upstreamPorts);
    }

    /** Of a cluster whose upstreams speak HTTP/2, with prior knowledge. */
    public static final String HTTP2 = """
        typed_extension_protocol_options:
          envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
            "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
            explicit_http_config: {http2_protocol_options: {}}
        """;

    /** Of a cluster that is never in its own way. */
    public static final String ROOMY = """
        connect_timeout: 1s
        circuit_breakers: {thresholds: [{max_retries: 100000, max_connections: 100000, max_pending_requests: 100000, max_requests: 100000}]}
        """;

    /** Everything to the upstreams in turn, with every default but the time a connect may take: 1 s. */
    public static StaticBootstrap to(Integer... upstreamPorts) {
        return new StaticBootstrap(
                Ports.free(),
                Ports.free(),
                List.of(upstreamPorts),
                "- {match: {prefix: /}, route: {cluster: up}}",
                "",
                "",
                "connect_timeout: 1s",
                "");
    }

    public StaticBootstrap on(int port, int adminPort) {
        return new StaticBootstrap(port, adminPort, upstreamPorts, routes, manager, filters, cluster, clusters);
    }

    public StaticBootstrap routes(String yaml) {
        return new StaticBootstrap(port, adminPort, upstreamPorts, yaml, manager, filters, cluster, clusters);
    }

    public StaticBootstrap manager(String yaml) {
        return new StaticBootstrap(port, adminPort, upstreamPorts, routes, yaml, filters, cluster, clusters);
    }

    public StaticBootstrap filters(String yaml) {
        return new StaticBootstrap(port, adminPort, upstreamPorts, routes, manager, yaml, cluster, clusters);
    }

    /** Beside those that stand there already. */
    public StaticBootstrap cluster(String yaml) {
        return new StaticBootstrap(
                port, adminPort, upstreamPorts, routes, manager, filters, cluster + "\n" + yaml, clusters);
    }

    /** Further clusters. */
    public StaticBootstrap clusters(String yaml) {
        return new StaticBootstrap(
                port,
                adminPort,
                upstreamPorts,
                routes,
                manager,
                filters,
                cluster,
                clusters + yaml.stripTrailing() + "\n");
    }

    /** A further cluster of one upstream. @param more fields of it */
    public StaticBootstrap cluster(String name, int upstreamPort, String more) {
        return clusters("""
            - name: %s
              type: STATIC
            %s
              load_assignment:
                cluster_name: %s
                endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
            """.formatted(name, at(2, more), name, upstreamPort));
    }

    public String text() {
        String endpoints = upstreamPorts.stream()
                .map(upstream -> "{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}"
                        .formatted(upstream))
                .collect(Collectors.joining(", "));
        return """
            node: {id: alone, cluster: alone}
            admin: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}
            static_resources:
              listeners:
                - name: edge
                  address: {socket_address: {address: 127.0.0.1, port_value: %d}}
                  filter_chains:
                    - filters:
                        - name: envoy.filters.network.http_connection_manager
                          typed_config:
                            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                            stat_prefix: edge
            %s
                            route_config:
                              name: routes
                              virtual_hosts:
                                - name: all
                                  domains: ["*"]
                                  routes:
            %s
                            http_filters:
            %s
                              - name: envoy.filters.http.router
                                typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
              clusters:
            %s
                - name: up
                  type: STATIC
            %s
                  load_assignment: {cluster_name: up, endpoints: [{lb_endpoints: [%s]}]}
            """.formatted(
                        adminPort,
                        port,
                        at(16, manager),
                        at(22, routes),
                        at(18, filters),
                        at(4, clusters),
                        at(6, cluster),
                        endpoints);
    }

    private static String at(int column, String yaml) {
        return yaml.indent(column).stripTrailing();
    }

    public Path write(Path folder) throws IOException {
        return Files.writeString(folder.resolve("bootstrap-" + port + ".yaml"), text(), UTF_8);
    }
}
