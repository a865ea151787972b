package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RealParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a newcomer sees is true. Rule: with all real parts the demo shows only answers as expected and stays until Ctrl-C, which ends it and every
 * process it started, and leaves no file; without any of them {@code --once} names each one left out with what brings it, and still ends with 0.
 */
class DemoScenario {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Test
    void showsEverythingAndCtrlCLeavesNothing(@TempDir Path folder) throws IOException {
        RealParts.require(Part.CONSUL, Part.ENVOY, Part.ZIPKIN);
        // as a terminal does: SIGINT goes to the whole process group, and is not ignored
        List<String> command = new ArrayList<>(List.of("setsid", "env", "--default-signal=INT"));
        command.addAll(demo(folder));
        try (ProgramProcess demo = ProgramProcess.start("demo", command, Map.of(), folder)) {
            demo.awaitReady(() -> demo.output().contains("Ctrl-C ends it"), PATIENCE);
            assertThat(demo.output())
                    .contains(", 0 not as expected;", "Consul", "Envoy eu", "Zipkin's trace", "late-1 after")
                    .doesNotContain("BAD", "left out");
            List<ProcessHandle> family = demo.family();
            assertThat(family)
                    .as("the demo, four programs of ours, Consul, Envoy and Zipkin")
                    .hasSizeGreaterThan(6);

            demo.interruptGroup();
            demo.awaitExit(Duration.ofSeconds(20));
            assertThat(family).noneMatch(ProcessHandle::isAlive);
            assertThat(left(folder)).isEmpty();
        }
    }

    @Test
    void leavesOutWhatIsNotThere(@TempDir Path folder) throws IOException {
        List<String> command = new ArrayList<>(demo(folder));
        command.add("--once");
        Map<String, String> nowhere = Map.of(
                "SLUICE_CONSUL",
                "/nowhere/consul",
                "SLUICE_ENVOY",
                "/nowhere/envoy",
                "SLUICE_ZIPKIN",
                "/nowhere/zipkin",
                "SLUICE_NGINX",
                "/nowhere/nginx");
        try (ProgramProcess demo = ProgramProcess.start("demo", command, nowhere, folder)) {
            assertThat(demo.awaitExit(PATIENCE)).as(demo.output()).isZero();
            assertThat(demo.output())
                    .contains(
                            "left out: consul is missing: './sluice tools consul' brings it, or set SLUICE_CONSUL; a folder of YAML files takes its place",
                            "left out: envoy is missing: './sluice tools envoy' brings it, or set SLUICE_ENVOY",
                            "left out: zipkin is missing: './sluice tools zipkin' brings it, or set SLUICE_ZIPKIN",
                            "0 not as expected")
                    .as("parts that the demo has no use for")
                    .doesNotContain("nginx", "helm", "shellcheck");
            assertThat(left(folder)).isEmpty();
        }
    }

    /** Without the launcher's look at whether a build is due: the programs are packaged when scenarios run. */
    private static List<String> demo(Path folder) {
        List<String> command = Home.find().command("demo", "loadtests", "io.sluice.loadtests.demo.Demo", Map.of());
        command.add(1, "-Djava.io.tmpdir=" + folder);
        return command;
    }

    private static List<Path> left(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("sluice-demo"))
                    .toList();
        }
    }
}
