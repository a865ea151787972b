package io.sluice.loadtests.harness;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A Zipkin server that keeps its spans in memory. */
public final class Zipkin implements AutoCloseable {
    private final ProgramProcess process;
    private final int port;

    private Zipkin(ProgramProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it and waits until it takes spans, some seconds. @throws MissingPartException when there is none on this machine */
    public static Zipkin start(int port) {
        ProgramProcess process = ProgramProcess.start(
                "zipkin",
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        // it starts in half the CPU time, and serves few requests
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-jar",
                        Part.ZIPKIN.need().toString(),
                        // server.address does nothing; only these keep it off the machine's other addresses
                        "--armeria.ports[0].ip=127.0.0.1",
                        "--armeria.ports[0].port=" + port,
                        "--armeria.ports[0].protocols[0]=http"),
                Map.of("STORAGE_TYPE", "mem"),
                Path.of("").toAbsolutePath());
        process.awaitReady(() -> Probe.ok(port, "/health"), Duration.ofSeconds(90));
        return new Zipkin(process, port);
    }

    public int port() {
        return port;
    }

    public ProgramProcess process() {
        return process;
    }

    @Override
    public void close() {
        process.close();
    }
}
