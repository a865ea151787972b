package io.sluice.loadtests.harness;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

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
                .contains("-XX:SharedArchiveFile=" + home.root().resolve("target/armeria-gateway.jsa"))
                .allMatch(flag -> flag.startsWith("-") || flag.startsWith("java.") || flag.contains("=ALL-UNNAMED"));
    }
}
