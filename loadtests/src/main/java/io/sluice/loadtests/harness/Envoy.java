package io.sluice.loadtests.harness;

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
        process.awaitReady(() -> Probe.ok(adminPort, "/ready"), Duration.ofSeconds(20));
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
