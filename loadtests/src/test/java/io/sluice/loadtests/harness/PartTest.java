package io.sluice.loadtests.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartTest {
    @TempDir
    Path root;

    @Test
    void itsVariableComesFirst() throws IOException {
        Path given = Files.createFile(root.resolve("given"));
        brought();
        assertThat(Part.ENVOY.find(Map.of("SLUICE_ENVOY", given.toString()), root))
                .hasValue(given);
    }

    @Test
    void aVariableThatLeadsNowhereIsNotPassedOver() throws IOException {
        brought();
        assertThat(Part.ENVOY.find(Map.of("SLUICE_ENVOY", "/nowhere"), root)).isEmpty();
    }

    @Test
    void thenTheFolderThatTheLauncherFills() throws IOException {
        Path brought = brought();
        assertThat(Part.ENVOY.find(Map.of("PATH", onPath().toString()), root)).hasValue(brought);
    }

    @Test
    void thenThePath() throws IOException {
        Path onPath = onPath();
        assertThat(Part.ENVOY.find(Map.of("PATH", "/nowhere:" + onPath), root)).hasValue(onPath.resolve("envoy"));
    }

    @Test
    void saysWhatBringsAMissingOne() {
        assertThat(Part.ENVOY.find(Map.of(), root)).isEmpty();
        assertThat(Part.ENVOY.missing()).contains("./sluice tools").contains("SLUICE_ENVOY");
    }

    private Path brought() throws IOException {
        return Files.createFile(Files.createDirectories(root.resolve(".tools")).resolve("envoy"));
    }

    /** A folder of the PATH. */
    private Path onPath() throws IOException {
        Path folder = Files.createDirectories(root.resolve("bin"));
        assertThat(Files.createFile(folder.resolve("envoy")).toFile().setExecutable(true))
                .isTrue();
        return folder;
    }
}
