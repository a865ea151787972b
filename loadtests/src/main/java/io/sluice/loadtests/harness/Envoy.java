package io.sluice.loadtests.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The real Envoy, one worker. */
public final class Envoy implements AutoCloseable {
    private final ProgramProcess process;
    private final int adminPort;

    private Envoy(ProgramProcess process, int adminPort) {
        this.process = process;
        this.adminPort = adminPort;
    }

    /**
     * Starts it and waits until it serves.
     *
     * @param adminPort the port that the bootstrap's {@code admin} names
     * @throws MissingPartException when there is no Envoy on this machine
     * @throws IllegalStateException with its output, when it refuses the bootstrap
     */
    public static Envoy start(Path bootstrap, int adminPort, String... more) {
        List<String> command = command("-c", bootstrap.toString(), "--concurrency", "1", "--use-dynamic-base-id");
        // the default, 10 s, is longer than any of us wants to wait for a log line
        command.addAll(List.of("--file-flush-interval-msec", "10"));
        command.addAll(List.of(more));
        ProgramProcess process = ProgramProcess.start("envoy", command, Map.of(), folder(bootstrap));
        process.awaitReady(() -> Probe.ok(adminPort, "/ready"), Duration.ofSeconds(60));
        return new Envoy(process, adminPort);
    }

    /** Starts it with a number of workers, without waiting for it. */
    public static ProgramProcess launch(Path bootstrap, int workers) {
        return ProgramProcess.start(
                "envoy",
                command(
                        "-c",
                        bootstrap.toString(),
                        "--concurrency",
                        Integer.toString(workers),
                        "--use-dynamic-base-id"),
                Map.of(),
                folder(bootstrap));
    }

    /**
     * Starts it on an xDS server as our gateways are, and waits until it serves.
     *
     * @param folder where its bootstrap is written
     */
    public static Envoy start(int xdsPort, String nodeId, String region, int adminPort, Path folder) {
        try {
            Path bootstrap = folder.resolve(nodeId + ".yaml");
            return start(Files.writeString(bootstrap, bootstrap(xdsPort, nodeId, region, adminPort)), adminPort);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String bootstrap(int xdsPort, String nodeId, String region, int adminPort) {
        return """
            node: {id: %1$s, cluster: %1$s, locality: {region: %2$s}}
            admin: {address: {socket_address: {address: 127.0.0.1, port_value: %3$d}}}
            dynamic_resources:
              ads_config:
                api_type: DELTA_GRPC
                transport_api_version: V3
                grpc_services:
                  # by default Envoy waits up to 30 s before it looks for its xDS server again
                  - envoy_grpc: {cluster_name: xds_server, retry_policy: {retry_back_off: {base_interval: 0.25s, max_interval: 2s}}}
              cds_config: {ads: {}, resource_api_version: V3}
              lds_config: {ads: {}, resource_api_version: V3}
            static_resources:
              clusters:
                - name: xds_server
                  type: STATIC
                  connect_timeout: 1s
                  typed_extension_protocol_options:
                    envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                      "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                      explicit_http_config: {http2_protocol_options: {}}
                  load_assignment:
                    cluster_name: xds_server
                    endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %4$d}}}}]}]
            """.formatted(nodeId, region, adminPort, xdsPort);
    }

    /** {@code --mode validate}. @return a process that ends with 0 when the bootstrap is accepted */
    public static ProgramProcess validate(Path bootstrap) {
        return ProgramProcess.start(
                "envoy", command("--mode", "validate", "-c", bootstrap.toString()), Map.of(), folder(bootstrap));
    }

    public int adminPort() {
        return adminPort;
    }

    public ProgramProcess process() {
        return process;
    }

    @Override
    public void close() {
        process.close();
    }

    private static List<String> command(String... words) {
        List<String> command = new ArrayList<>(List.of(Part.ENVOY.need().toString(), "--log-level", "warn"));
        command.addAll(List.of(words));
        return command;
    }

    private static Path folder(Path bootstrap) {
        return bootstrap.toAbsolutePath().resolveSibling("");
    }
}
