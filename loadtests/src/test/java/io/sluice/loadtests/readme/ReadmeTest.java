package io.sluice.loadtests.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RealParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's commands are run as they stand there, in turn and in one shell; only ports and the place of the repository are others. */
class ReadmeTest {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");
    private static final Pattern PORT =
            Pattern.compile("\\b(8080|8081|8082|8090|9001|5701|5702|18000|18001|19000|19001)\\b");

    /** Commands that other tests run, by the text that shows it. */
    private static final Map<String, List<String>> RUN_ELSEWHERE = Map.of(
            "./sluice demo",
                    List.of("loadtests/src/test/java/io/sluice/loadtests/scenario/DemoScenario.java", "--once"),
            "./sluice verify", List.of(".ci/run", "./sluice verify"),
            "./sluice load", List.of(".ci/run", "./sluice load"),
            "./sluice bench",
                    List.of("loadtests/src/test/java/io/sluice/loadtests/bench/BenchTest.java", "Plan.QUICK"));

    private final Path root = Home.find().root();

    /** A block of commands with the output that the README promises. */
    private record Step(String commands, String output) {}

    @Test
    void commandsThatRunElsewhereDo() throws IOException {
        for (Map.Entry<String, List<String>> command : RUN_ELSEWHERE.entrySet()) {
            assertThat(Files.readString(root.resolve("README.md"))).contains("\n" + command.getKey() + "\n");
            assertThat(Files.readString(root.resolve(command.getValue().get(0))))
                    .as("what runs " + command.getKey())
                    .contains(command.getValue().get(1));
        }
    }

    @Test
    void theOtherCommandsDoWhatTheReadmeSays(@TempDir Path folder) throws IOException {
        RealParts.require(Part.ENVOY);
        List<Step> steps = steps();
        assertThat(steps).hasSizeGreaterThan(2);
        Map<String, Integer> ports = new LinkedHashMap<>();
        StringBuilder script = new StringBuilder("set -euo pipefail\ntrap 'kill $(jobs -p); wait' EXIT\n");
        for (int i = 0; i < steps.size(); i++) {
            String commands = PORT.matcher(steps.get(i).commands())
                    .replaceAll(port -> ports.computeIfAbsent(port.group(), absent -> Ports.free())
                            .toString());
            script.append("{\n").append(commands).append("} >out.").append(i).append('\n');
        }
        String text =
                script.toString().replace("./sluice ", "\"$ROOT/sluice\" ").replace(".tools/envoy", "\"$ENVOY\"");
        Path file = Files.writeString(folder.resolve("readme.sh"), text, UTF_8);
        Map<String, String> environment = Map.of(
                "ROOT", root.toString(),
                "ENVOY", Part.ENVOY.need().toString(),
                "JAVA_HOME", System.getProperty("java.home"),
                "SLUICE_NO_BUILD", "1",
                // what the README leaves to its default
                "SLUICE_ADMIN_PORT", "0",
                "SLUICE_PORT", String.valueOf(ports.get("18000")));
        try (ProgramProcess shell =
                ProgramProcess.start("readme", List.of("bash", file.toString()), environment, folder)) {
            int code = shell.awaitExit(Duration.ofMinutes(3));
            assertThat(code).as(shell.output() + logs(folder)).isZero();
        }
        for (int i = 0; i < steps.size(); i++) {
            assertThat(Files.readString(folder.resolve("out." + i)))
                    .as(steps.get(i).commands())
                    .isEqualTo(steps.get(i).output());
        }
    }

    private List<Step> steps() throws IOException {
        List<Step> steps = new ArrayList<>();
        List<MatchResult> blocks = BLOCK.matcher(Files.readString(root.resolve("README.md")))
                .results()
                .toList();
        for (int i = 0; i < blocks.size(); i++) {
            String commands = blocks.get(i).group(2);
            if (blocks.get(i).group(1).equals("sh")
                    && !RUN_ELSEWHERE.keySet().containsAll(commands.lines().toList())) {
                assertThat(blocks.get(i + 1).group(1))
                        .as("what follows " + commands)
                        .isEqualTo("text");
                steps.add(new Step(commands, blocks.get(i + 1).group(2)));
            }
        }
        return steps;
    }

    private static String logs(Path folder) throws IOException {
        StringBuilder text = new StringBuilder();
        try (var files = Files.newDirectoryStream(folder, "*.log")) {
            for (Path file : files) {
                text.append("\n--- ").append(file.getFileName()).append('\n').append(Files.readString(file));
            }
        }
        return text.toString();
    }
}
