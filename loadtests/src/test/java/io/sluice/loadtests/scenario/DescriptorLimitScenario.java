package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Probe;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.StaticBootstrap;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A gateway that may open no further file goes on with what it has. Rule: with more callers than its 400 descriptors allow, whoever was let in is
 * answered where an upstream connection is there, the process lives, does not spin on the port that it cannot accept from, and serves everybody
 * once the others are gone.
 */
class DescriptorLimitScenario {
    private static final int LIMIT = 400;
    private static final int CALLERS = 600;

    @Test
    void goesOnAtTheLimitAndRecovers(@TempDir Path folder) throws IOException {
        List<Socket> callers = new ArrayList<>();
        try (RecordingUpstream upstream = Upstreams.named("up")) {
            StaticBootstrap bootstrap = StaticBootstrap.to(upstream.port());
            try (ProgramProcess gateway = limited(bootstrap, folder);
                    Http1Client kept = Http1Client.connect(bootstrap.port())) {
                ask(kept);
                for (int i = 0; i < CALLERS; i++) {
                    callers.add(new Socket(InetAddress.getLoopbackAddress(), bootstrap.port()));
                }
                Site.await(gateway::output, () -> gateway.output().contains("Too many open files"));
                double before = cpuSeconds(gateway);
                for (int i = 0; i < 20; i++) {
                    ask(kept);
                }
                assertThat(kept.endsWithin(Duration.ofSeconds(3)))
                        .as("the old caller stays")
                        .isFalse();
                assertThat(cpuSeconds(gateway) - before)
                        .as("seconds of CPU in more than three")
                        .isLessThan(2);
                assertThat(gateway.isAlive()).isTrue();
                for (Socket caller : callers) {
                    caller.close();
                }
                Site.await(
                        gateway::output, () -> Site.get(bootstrap.port(), "/").status() == 200);
                ask(kept);
            }
        } finally {
            for (Socket caller : callers) {
                caller.close();
            }
        }
    }

    private static void ask(Http1Client client) throws IOException {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        assertThat(client.read("GET", Duration.ofSeconds(10)).status()).isEqualTo(200);
    }

    private static ProgramProcess limited(StaticBootstrap bootstrap, Path folder) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("bash", "-c", "ulimit -n " + LIMIT + "; exec \"$@\"", "limited"));
        command.addAll(Home.find().command("gateway", "armeria-gateway", "io.sluice.gateway.GatewayMain", Map.of()));
        command.addAll(List.of("-c", bootstrap.write(folder).toString()));
        return ProgramProcess.start("gateway", command, Map.of(), folder)
                .awaitReady(() -> Probe.ok(bootstrap.adminPort(), "/ready"), Duration.ofSeconds(60));
    }

    private static double cpuSeconds(ProgramProcess process) {
        return ProcessHandle.of(process.pid())
                        .flatMap(handle -> handle.info().totalCpuDuration())
                        .orElseThrow()
                        .toMillis()
                / 1000.0;
    }
}
