package io.sluice.gateway.ratelimit;

import static io.sluice.gateway.ratelimit.Descriptor.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HazelcastLedgerTest {
    private static LimiterCluster cluster;

    @BeforeAll
    static void start() throws IOException {
        cluster = new LimiterCluster(2, LimitTable.SELF_DESCRIBED);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    private static Descriptor limit(String limit, String caller) {
        return Descriptor.of(entry("sluice_limit", limit), entry("caller", caller));
    }

    private static List<Decision> spendOnAll(Descriptor descriptor, int times) {
        var decisions = new ArrayList<CompletableFuture<Decision>>();
        for (int i = 0; i < times; i++) {
            decisions.add(cluster.limiter(i % cluster.size())
                    .spend("sluice", List.of(descriptor), 1)
                    .toCompletableFuture());
        }
        return decisions.stream().map(CompletableFuture::join).toList();
    }

    @ParameterizedTest(name = "{0} of a limit per hour")
    @ValueSource(ints = {1, 10, 2_000})
    void admitsExactlyTheLimitOverAllMembers(int requests) {
        List<Decision> decisions =
                spendOnAll(limit("exact-" + requests + ":" + requests + "/hour", "a"), 2 * requests + 10);
        assertThat(decisions.stream().filter(Decision.Allowed.class::isInstance))
                .hasSizeLessThanOrEqualTo(requests)
                .hasSizeGreaterThanOrEqualTo(requests - requests / 20);
    }

    @Test
    void tellsEachCallerWhatIsLeftAndUntilWhen() {
        Descriptor descriptor = limit("told:3/hour", "a");
        for (long left = 2; left >= 0; left--) {
            long expected = left;
            assertThat(spend((int) left % cluster.size(), descriptor))
                    .isInstanceOfSatisfying(
                            Decision.Allowed.class,
                            allowed -> assertThat(allowed.statuses().get(0).remaining())
                                    .isEqualTo(expected));
        }
        assertThat(spend(1, descriptor)).isInstanceOfSatisfying(Decision.Limited.class, limited -> {
            assertThat(limited.retryAfter().toMinutes()).isBetween(59L, 60L);
            assertThat(limited.statuses().get(0).remaining()).isZero();
        });
    }

    private static Decision spend(int member, Descriptor descriptor) {
        return cluster.limiter(member)
                .spend("sluice", List.of(descriptor), 1)
                .toCompletableFuture()
                .join();
    }
}
