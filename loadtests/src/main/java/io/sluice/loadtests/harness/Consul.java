package io.sluice.loadtests.harness;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A Consul agent in development mode: all in memory, so that a restart loses its state. */
public final class Consul implements AutoCloseable {
    private final ProgramProcess process;
    private final int httpPort;

    private Consul(ProgramProcess process, int httpPort) {
        this.process = process;
        this.httpPort = httpPort;
    }

    /** Starts it and waits until it has a leader and knows itself. @throws MissingPartException when there is none on this machine */
    public static Consul start(int httpPort) {
        // the default, 200 connections per client address, is fewer than a site's watches
        return start(httpPort, "limits { http_max_conns_per_client = 2000 }");
    }

    /** The same with the limits that Consul has by itself. */
    public static Consul startWithItsOwnLimits(int httpPort) {
        return start(httpPort, "");
    }

    private static Consul start(int httpPort, String settings) {
        ProgramProcess process = ProgramProcess.start(
                "consul",
                List.of(
                        Part.CONSUL.need().toString(),
                        "agent",
                        "-dev",
                        "-bind",
                        "127.0.0.1",
                        "-client",
                        "127.0.0.1",
                        "-node",
                        "local",
                        "-http-port",
                        Integer.toString(httpPort),
                        "-server-port",
                        Integer.toString(Ports.free()),
                        "-serf-lan-port",
                        Integer.toString(Ports.free()),
                        "-serf-wan-port",
                        Integer.toString(Ports.free()),
                        "-dns-port",
                        "-1",
                        "-grpc-port",
                        "-1",
                        "-log-level",
                        "warn",
                        "-hcl",
                        settings),
                Map.of(),
                Path.of("").toAbsolutePath());
        process.awaitReady(() -> serves(httpPort), Duration.ofSeconds(60));
        return new Consul(process, httpPort);
    }

    public int httpPort() {
        return httpPort;
    }

    public ProgramProcess process() {
        return process;
    }

    @Override
    public void close() {
        process.close();
    }

    /** Without a leader the answer is {@code ""}, with the quotes; then the catalog is empty for a moment. */
    private static boolean serves(int port) {
        String leader = Probe.text(port, "/v1/status/leader");
        String nodes = Probe.text(port, "/v1/catalog/nodes");
        return leader != null && leader.contains(":") && nodes != null && nodes.contains("\"Node\"");
    }
}
