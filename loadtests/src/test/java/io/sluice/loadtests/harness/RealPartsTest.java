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
        assertThat(Home.find().flags("gateway")).contains("-XX:+UseSerialGC", "-XX:+IgnoreUnrecognizedVMOptions");
    }
}
