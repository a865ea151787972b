package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.Probe;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.StaticBootstrap;
import io.sluice.loadtests.harness.XdsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Wrong input stops a start with one clear line. Rule: the program ends with the exit code of the row (2: what was said to it, 1: a configuration
 * that cannot be used), and its last line holds the text of the row, which says where, what and what would have been right.
 */
class CommandLineScenario {
    @ParameterizedTest(name = "{0} {1}: {2}, {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        sluice  | demi                                              | 2 | unknown word 'demi' (nearest: 'demo'; ./sluice help lists them)
        gateway |                                                   | 2 | no configuration (expected: -c BOOTSTRAP.yaml, or --xds HOST:PORT --node-id ID)
        gateway | --xsd 127.0.0.1:1                                 | 2 | --xsd: unknown word (nearest: --xds)
        gateway | --node-id                                         | 2 | --node-id: no value (expected: --node-id VALUE)
        gateway | --xds nowhere --node-id a                         | 2 | xds: 'nowhere' (expected: HOST:PORT)
        gateway | --xds 127.0.0.1:70000 --node-id a                 | 2 | xds: '70000' (expected: a port, 0..65535)
        gateway | --xds 127.0.0.1:1                                 | 2 | node-id: not given (expected: --node-id ID beside --xds)
        gateway | --drain-time 30 -c good.yaml                      | 2 | drain-time: '30' (expected: a number with ms, s, m or h: 30s)
        gateway | --settings unknown.yaml -c good.yaml              | 2 | unknown.yaml:1: zipkin: unknown setting (nearest: zipkin-url)
        gateway | --settings broken.yaml -c good.yaml               | 2 | broken.yaml:3: not YAML: expected ',' or ']'
        gateway | --xds 127.0.0.1:1 --node-id a --admin-port TAKEN  | 2 | admin-port: 127.0.0.1:TAKEN cannot be had
        gateway | -c taken.yaml                                     | 1 | Listener 'edge' > address 127.0.0.1:TAKEN:
        gateway | -c none.yaml                                      | 1 | bootstrap none.yaml > file: not there
        gateway | -c broken.yaml                                    | 1 | bootstrap broken.yaml > line 3: not YAML: expected ',' or ']'
        gateway | -c unsupported.yaml                               | 1 | clusters[0] > filters: not supported by armeria-gateway; see docs/xds-support.md
        gateway | --mode validate -c unsupported.yaml               | 1 | clusters[0] > filters: not supported by armeria-gateway; see docs/xds-support.md
        xds     |                                                   | 2 | source: not given (expected: --source file:DIR or consul://HOST:PORT)
        xds     | --sorce file:.                                    | 2 | --sorce: unknown word (nearest: --source)
        xds     | --source ftp://somewhere                          | 2 | --source ftp://somewhere: unknown (expected: file:DIR or consul://HOST:PORT)
        xds     | --source consul:127.0.0.1:8500                    | 2 | --source consul:127.0.0.1:8500: wrong (expected: consul://HOST:PORT)
        xds     | --source file:. --port 99999                      | 2 | port: '99999' (expected: a port, 0..65535)
        xds     | --source file:. --zipkin-url nowhere              | 2 | zipkin-url: 'nowhere' (expected: http://HOST:PORT/PATH)
        xds     | --source file:. --settings unknown.yaml           | 2 | unknown.yaml: zipkin: unknown setting (nearest: zipkin-url)
        xds     | --source file:. --settings broken.yaml            | 2 | broken.yaml:3: not YAML: expected ',' or ']'
        xds     | --source file:. --port TAKEN                      | 2 | port: cannot listen on 127.0.0.1:TAKEN
        xds     | --source file:. --port 0 --admin-port TAKEN       | 2 | admin-port: cannot listen on 127.0.0.1:TAKEN
        sluice  | check nowhere                                     | 2 | nowhere: not there (expected: a YAML file, a folder of them, or consul://HOST:PORT)
        sluice  | status --admin 127.0.0.1:1                        | 2 | no answer
        gateway | --mode validate -c good.yaml                      | 0 | configuration OK
        """)
    void endsWithItsCodeAndItsLine(String program, String words, int code, String line, @TempDir Path folder)
            throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            write(folder, taken.getLocalPort());
            List<String> all = words == null
                    ? List.of()
                    : List.of(words.replace("TAKEN", port).split(" "));
            try (ProgramProcess process = run(program, all, folder)) {
                assertThat(process.awaitExit(Duration.ofSeconds(60)))
                        .as(process.output())
                        .isEqualTo(code);
                assertThat(process.output().strip().lines().reduce((a, b) -> b).orElse(""))
                        .contains(line.replace("TAKEN", port));
            }
        }
    }

    /** Nothing is lost by a Consul that is not there yet: the server waits for it, not ready, and says why. */
    @Test
    void aWrongConsulAddressIsSaidInOneLine(@TempDir Path folder) throws IOException {
        int nobody = Ports.free();
        int admin = Ports.free();
        List<String> words = List.of(
                "--source", "consul://127.0.0.1:" + nobody, "--port", "0", "--admin-port", Integer.toString(admin));
        try (ProgramProcess process = XdsServer.run(words, Map.of(), folder)) {
            process.awaitReady(() -> process.output().contains("source lost"), Duration.ofSeconds(60));
            assertThat(process.output().lines().filter(line -> line.contains("source lost")))
                    .singleElement()
                    .asString()
                    .contains("WARN", "source=consul://127.0.0.1:" + nobody, "Connection refused: /127.0.0.1:" + nobody)
                    .doesNotContain("Exception");
            assertThat(Probe.ok(admin, "/ready")).isFalse();
        }
    }

    private static ProgramProcess run(String program, List<String> words, Path folder) {
        return switch (program) {
            case "gateway" -> Gateway.run(words, Map.of(), folder);
            case "xds" -> XdsServer.run(words, Map.of(), folder);
            default -> {
                List<String> command = new ArrayList<>(
                        List.of("bash", Home.find().root().resolve("sluice").toString()));
                command.addAll(words);
                yield ProgramProcess.start("sluice", command, Map.of("SLUICE_NO_BUILD", "true"), folder);
            }
        };
    }

    private static void write(Path folder, int taken) throws IOException {
        Files.writeString(
                folder.resolve("good.yaml"), StaticBootstrap.to(1).on(0, 0).text());
        Files.writeString(
                folder.resolve("taken.yaml"), StaticBootstrap.to(1).on(taken, 0).text());
        Files.writeString(folder.resolve("broken.yaml"), "routes:\n  [a, b\nthis: that\n");
        Files.writeString(folder.resolve("unknown.yaml"), "zipkin: http://127.0.0.1:9411\n");
        Files.writeString(
                folder.resolve("unsupported.yaml"),
                "static_resources: {clusters: [{name: up, type: STATIC, filters: [{name: x}]}]}\n");
    }
}
