package io.sluice.gateway.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LastGoodTest {
    @TempDir
    Path folder = Path.of("");

    private static Map<ResourceKey, AdsClient.Entry> resources(String version) {
        return Map.of(
                new ResourceKey(ResourceKind.CLUSTER, "a"),
                new AdsClient.Entry(Cluster.newBuilder().setName("a").build(), version, Instant.EPOCH));
    }

    private LastGood disk() {
        return new LastGood(folder.resolve("deep/er"), Runnable::run);
    }

    private Path file() {
        return folder.resolve("deep/er/resources.bin");
    }

    @Test
    void readsWhatItWrote() {
        disk().write(resources("1"));
        disk().write(resources("2"));
        assertThat(disk().read()).extracting(Resource::getVersion).containsExactly("2");
        assertThat(disk().read().getFirst().getName()).isEqualTo("a");
    }

    @Test
    void hasNothingAtFirst() {
        assertThat(disk().read()).isEmpty();
    }

    @Test
    void keepsNothingWithoutAFolder() {
        LastGood none = new LastGood(null, Runnable::run);
        none.write(resources("1"));
        assertThat(none.read()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"empty", "short", "cut", "flipped", "gone"})
    void passesOverAFileThatCannotBeReadAndTakesTheGenerationBefore(String fault) throws IOException {
        disk().write(resources("1"));
        disk().write(resources("2"));
        byte[] bytes = Files.readAllBytes(file());
        switch (fault) {
            case "empty" -> Files.write(file(), new byte[0]);
            case "short" -> Files.write(file(), new byte[5]);
            case "cut" -> Files.write(file(), java.util.Arrays.copyOf(bytes, bytes.length - 3));
            case "flipped" -> {
                bytes[bytes.length - 1] ^= 1;
                Files.write(file(), bytes);
            }
            default -> Files.delete(file());
        }
        assertThat(disk().read()).extracting(Resource::getVersion).containsExactly("1");
    }

    @Test
    void startsWithNothingWhenBothGenerationsAreBad() throws IOException {
        disk().write(resources("1"));
        disk().write(resources("2"));
        Files.writeString(file(), "nonsense that is longer than a checksum");
        Files.writeString(folder.resolve("deep/er/resources.bin.previous"), "nonsense as well, and as long");
        assertThat(disk().read()).isEmpty();
    }

    @Test
    void writesTheNewestOfWhatWaits() {
        Deque<Runnable> waiting = new ArrayDeque<>();
        LastGood disk = new LastGood(folder.resolve("deep/er"), waiting::add);
        disk.write(resources("1"));
        disk.write(resources("2"));
        disk.write(resources("3"));
        assertThat(waiting).hasSize(1);
        waiting.pop().run();
        assertThat(disk.read()).extracting(Resource::getVersion).containsExactly("3");
        assertThat(folder.resolve("deep/er/resources.bin.previous")).doesNotExist();
    }

    @Test
    void isForItsOwnerOnly() throws IOException {
        disk().write(resources("1"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
    }

    @Test
    void goesOnWithoutADiskThatCannotBeWritten() throws IOException {
        Files.createDirectories(folder.resolve("deep"));
        Files.writeString(folder.resolve("deep/er"), "a file where the folder should be");
        LastGood disk = disk();
        disk.write(resources("1"));
        Files.delete(folder.resolve("deep/er"));
        disk.write(resources("2"));
        assertThat(disk.read()).extracting(Resource::getVersion).containsExactly("2");
    }
}
