package io.sluice.loadtests.harness;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Our control plane, started as {@code ./sluice xds} starts it. */
public final class XdsServer implements AutoCloseable {
    private final ProgramProcess process;
    private final int port;
    private final int adminPort;

    private XdsServer(ProgramProcess process, int port, int adminPort) {
        this.process = process;
        this.port = port;
        this.adminPort = adminPort;
    }

    /**
     * Starts it and waits for its first full sync.
     *
     * @param source {@code file:DIR} or {@code consul://HOST:PORT}
     * @param folder where it runs and keeps its last good catalog
     */
    public static XdsServer start(
            String source, int port, int adminPort, Map<String, String> environment, Path folder) {
        ProgramProcess process = run(
                List.of(
                        "--source",
                        source,
                        "--port",
                        Integer.toString(port),
                        "--admin-port",
                        Integer.toString(adminPort)),
                environment,
                folder);
        process.awaitReady(() -> Probe.ok(adminPort, "/ready"), Duration.ofSeconds(60));
        return new XdsServer(process, port, adminPort);
    }

    /** Starts it with any words, without waiting. */
    public static ProgramProcess run(List<String> words, Map<String, String> environment, Path folder) {
        List<String> command =
                Home.find().command("xds", "xds-server", "io.sluice.xdsserver.XdsServerMain", environment);
        command.addAll(words);
        return ProgramProcess.start("xds-server", command, environment, folder);
    }

    public int port() {
        return port;
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
}
