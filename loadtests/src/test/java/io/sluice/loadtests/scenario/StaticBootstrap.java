package io.sluice.loadtests.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** One listener, everything to one upstream: what a scenario about a data plane alone needs. */
final class StaticBootstrap {
    private StaticBootstrap() {}

    static String text(int port, int adminPort, int upstreamPort) {
        return """
            node: {id: alone, cluster: scenario}
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
                            route_config:
                              name: routes
                              virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: "/"}, route: {cluster: up}}]}]
                            http_filters:
                              - name: envoy.filters.http.router
                                typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
              clusters:
                - name: up
                  type: STATIC
                  connect_timeout: 1s
                  load_assignment:
                    cluster_name: up
                    endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
            """.formatted(adminPort, port, upstreamPort);
    }

    static Path write(Path folder, int port, int adminPort, int upstreamPort) throws IOException {
        return Files.writeString(folder.resolve("bootstrap-" + port + ".yaml"), text(port, adminPort, upstreamPort));
    }
}
