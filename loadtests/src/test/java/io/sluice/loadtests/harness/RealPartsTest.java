package io.sluice.loadtests.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RealPartsTest {
    @Test
    void startsAndStopsConsul() {
        RealParts.require(Part.CONSUL);
        ProgramProcess process;
        try (Consul consul = Consul.start(Ports.free())) {
            process = consul.process();
            assertThat(Probe.text(consul.httpPort(), "/v1/catalog/services")).contains("consul");
        }
        assertThat(process.isAlive()).isFalse();
    }

    @Test
    void readsTheFlagsOfTheLauncher() {
        Home home = Home.find();
        assertThat(home.flags("gateway"))
                .contains("-XX:+UseSerialGC", "-XX:+IgnoreUnrecognizedVMOptions")
                .allMatch(flag -> flag.startsWith("-") || flag.startsWith("java.") || flag.contains("=ALL-UNNAMED"));
    }

    /** Java 25 would go on with the classes of the older jar. */
    @ParameterizedTest
    @CsvSource({"gateway, true, true", "gateway, false, false", "xds, true, false", "other, true, false"})
    void startsWithRecordedClassesUnlessTheJarIsNewer(String word, boolean newer, boolean used, @TempDir Path root)
            throws IOException {
        Files.writeString(root.resolve("sluice"), """
            case "$word" in
              gateway)
                find_jdk; build
                program_flags=("${gateway_flags[@]}")
                use_recorded armeria-gateway
                run armeria-gateway ;;
              xds)
                find_jdk; build
                program_flags=("${xds_flags[@]}")
                run xds-server ;;
            """);
        Files.writeString(root.resolve("pom.xml"), "");
        Path jar =
                Files.createDirectories(root.resolve("armeria-gateway/target")).resolve("armeria-gateway-1.jar");
        Path archive = Files.createDirectories(root.resolve("target")).resolve("armeria-gateway.jsa");
        FileTime time = FileTime.from(Instant.ofEpochSecond(1_000_000));
        Files.setLastModifiedTime(Files.writeString(jar, ""), time);
        Files.setLastModifiedTime(
                Files.writeString(archive, ""), FileTime.from(time.toInstant().plusSeconds(newer ? 1 : -1)));
        assertThat(new Home(root).recorded(word, "armeria-gateway"))
                .isEqualTo(used ? Optional.of(archive) : Optional.empty());
    }
}
