package io.sluice.loadtests.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplesTest {
    @ParameterizedTest(name = "{0} % of 5 4 3 2 1 is {1}")
    @CsvSource({"0, 1", "20, 1", "50, 3", "90, 5", "99, 5", "100, 5"})
    void percentilesAreSamples(double percent, double expected) {
        assertThat(new Samples(List.of(5d, 4d, 3d, 2d, 1d)).percentile(percent)).isEqualTo(expected);
    }

    @Test
    void latenciesAreOffByNoMoreThanTheirBucket() {
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < 10_000; i++) {
            long nanos = 32 + random.nextLong(1L << random.nextInt(6, 36));
            Latencies latencies = new Latencies();
            latencies.add(nanos);
            assertThat(latencies.micros(99) * 1e3).isCloseTo((double) nanos, within(nanos / 31.0));
        }
    }

    @Test
    void latenciesKnowTheirTail() {
        Latencies latencies = new Latencies();
        for (int i = 1; i <= 1_000; i++) {
            latencies.add(i <= 980 ? 1_000 : 1_000_000);
        }
        assertThat(latencies.micros(50)).isCloseTo(1, within(0.04));
        assertThat(latencies.micros(99)).isCloseTo(1_000, within(40.0));
        assertThat(latencies.count()).isEqualTo(1_000);
    }

    @ParameterizedTest(name = "gateway {0}, Envoy {1}: {2}")
    @CsvSource({"13, 10, ≤ 1.3 × envoy: met", "13.1, 10, ≤ 1.3 × envoy: MISSED"})
    void holdsTheGatewayAgainstEnvoy(double gateway, double envoy, String verdict) {
        Report report = new Report(true);
        report.add(new Report.Row(
                "CPU",
                "µs",
                Map.of(Proxy.GATEWAY, one(gateway), Proxy.ENVOY, one(envoy)),
                Optional.of(new Report.Target.TimesEnvoy(1.3))));
        assertThat(report.text()).contains(verdict);
    }

    @Test
    void saysWhatWasNotMeasured() {
        Report report = new Report(true);
        report.add(new Report.Row("start", "ms", Map.of(), Optional.of(new Report.Target.AtMost(2_000))));
        assertThat(report.text()).contains("≤ 2000 ms: not measured").contains("–");
    }

    private static Samples one(double value) {
        return new Samples(List.of(value));
    }
}
