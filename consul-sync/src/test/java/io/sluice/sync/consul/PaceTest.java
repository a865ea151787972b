package io.sluice.sync.consul;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PaceTest {

    @Test
    void letsTenQueriesGoAtOnceAndFiveASecondAfterwards() {
        Pace pace = new Pace();
        long now = Duration.ofDays(-1).toNanos();
        for (int i = 0; i < 10; i++) {
            assertThat(pace.next(now)).isEqualTo(Duration.ZERO);
        }
        assertThat(pace.next(now)).isEqualTo(Duration.ofMillis(200));
        assertThat(pace.next(now)).isEqualTo(Duration.ofMillis(400));
        assertThat(pace.next(now + Duration.ofSeconds(10).toNanos())).isEqualTo(Duration.ZERO);
    }

    @Test
    void backsOffUpToItsBoundAndShortensAtRandom() {
        Backoff backoff = new Backoff(new Random(1), Duration.ofSeconds(7));
        long most = 100;
        for (int i = 0; i < 12; i++) {
            assertThat(backoff.next().toMillis()).isBetween(most / 2, most);
            most = Math.min(7_000, most * 2);
        }
        backoff.reset();
        assertThat(backoff.next().toMillis()).isBetween(50L, 100L);
    }
}
