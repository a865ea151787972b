package io.sluice.loadtests.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgramProcessTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @Test
    void waitsForTheProbeAndStops() {
        ProgramProcess process = shell("echo up; exec sleep 60");
        try (process) {
            process.awaitReady(() -> process.output().contains("up"), SOON);
            assertThat(process.isAlive()).isTrue();
        }
        assertThat(process.isAlive()).isFalse();
    }

    @Test
    void saysWhatAProgramWroteThatEndedTooEarly() {
        try (ProgramProcess process = shell("echo no such port; exit 3")) {
            assertThatThrownBy(() -> process.awaitReady(() -> false, SOON))
                    .hasMessageContaining("code 3")
                    .hasMessageContaining("no such port");
        }
    }

    @Test
    void stopsAProgramThatDoesNotGetReady() {
        ProgramProcess process = shell("exec sleep 60");
        assertThatThrownBy(() -> process.awaitReady(() -> false, Duration.ofMillis(50)))
                .hasMessageContaining("not ready");
        assertThat(process.isAlive()).isFalse();
    }

    @Test
    void killsWhatTheProgramStartedToo() {
        ProgramProcess process = shell("sleep 60 & echo $! is up; wait");
        process.awaitReady(() -> process.output().contains("is up"), SOON);
        ProcessHandle worker = ProcessHandle.of(Long.parseLong(
                        process.output().lines().findFirst().orElseThrow().split(" ")[0]))
                .orElseThrow();

        process.kill();

        assertThat(worker.onExit()).succeedsWithin(SOON);
    }

    @Test
    void keepsTheLastPartOfALongOutput() {
        try (ProgramProcess process = shell("head -c 1000000 /dev/zero | tr '\\0' x; echo the end")) {
            assertThat(process.awaitExit(SOON)).isZero();
            assertThat(process.output())
                    .hasSizeLessThanOrEqualTo(ProgramProcess.MAX_OUTPUT_BYTES)
                    .endsWith("the end\n");
        }
    }

    private static ProgramProcess shell(String script) {
        return ProgramProcess.start(
                "shell", List.of("/bin/sh", "-c", script), Map.of(), Path.of("").toAbsolutePath());
    }
}
