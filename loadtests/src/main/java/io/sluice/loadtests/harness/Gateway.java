package io.sluice.loadtests.harness;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Our data plane, started as {@code ./sluice gateway} starts it. */
public final class Gateway implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final ProgramProcess process;
    private final int adminPort;

    private Gateway(ProgramProcess process, int adminPort) {
        this.process = process;
        this.adminPort = adminPort;
    }

    /**
     * Starts it from a bootstrap and waits until it serves.
     *
     * @param adminPort the port that the bootstrap's {@code admin} names
     * @param environment its {@code SLUICE_*} settings
     * @throws IllegalStateException with its output, when it refuses the bootstrap
     */
    public static Gateway start(Path bootstrap, int adminPort, Map<String, String> environment) {
        return start(
                List.of("-c", bootstrap.toString()),
                adminPort,
                environment,
                bootstrap.toAbsolutePath().resolveSibling(""));
    }

    /**
     * Starts it beside an xDS server and waits until it serves.
     *
     * @param folder where it runs and keeps its last good configuration
     * @param more further words, such as {@code --region eu}
     */
    public static Gateway start(
            int xdsPort, String nodeId, int adminPort, Map<String, String> environment, Path folder, String... more) {
        List<String> words = new ArrayList<>(List.of(
                "--xds", "127.0.0.1:" + xdsPort, "--node-id", nodeId, "--admin-port", Integer.toString(adminPort)));
        words.addAll(List.of(more));
        return start(words, adminPort, environment, folder);
    }

    /** Starts it from a bootstrap without waiting for it. */
    public static ProgramProcess launch(Path bootstrap) {
        return run(
                List.of("-c", bootstrap.toString()),
                Map.of(),
                bootstrap.toAbsolutePath().resolveSibling(""));
    }

    /** {@code --mode validate}. @return a process that ends with 0 when the bootstrap is accepted, else names each refused path */
    public static ProgramProcess validate(Path bootstrap) {
        return run(
                List.of("--mode", "validate", "-c", bootstrap.toString()),
                Map.of(),
                bootstrap.toAbsolutePath().resolveSibling(""));
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

    private static Gateway start(List<String> words, int adminPort, Map<String, String> environment, Path folder) {
        ProgramProcess process = run(words, environment, folder);
        process.awaitReady(() -> Probe.ok(adminPort, "/ready"), START);
        return new Gateway(process, adminPort);
    }

    /** Starts it with any words, without waiting. */
    public static ProgramProcess run(List<String> words, Map<String, String> environment, Path folder) {
        List<String> command =
                Home.find().command("gateway", "armeria-gateway", "io.sluice.gateway.GatewayMain", environment);
        command.addAll(words);
        return ProgramProcess.start("gateway", command, environment, folder);
    }
}
