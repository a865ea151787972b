package io.sluice.gateway.ratelimit;

import static io.sluice.gateway.ratelimit.Descriptor.entry;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** Measures, and asserts nothing: CPU time per decision of all members together, who live in this JVM. Run as a program. */
final class LimiterSpeed {
    private static final int ROUNDS = 3;
    private static final int IN_FLIGHT = 64;

    private LimiterSpeed() {}

    public static void main(String[] args) throws IOException {
        try (var alone = SharedRateLimiter.start(
                () -> LimitTable.SELF_DESCRIBED,
                new InMemoryLedger(),
                LimiterPolicy.DEFAULT,
                new SimpleMeterRegistry())) {
            measure("one node, one large limit", List.of(alone), 500_000, 1, "1000000000/hour");
        }
        try (var cluster = new LimiterCluster(2, LimitTable.SELF_DESCRIBED)) {
            List<SharedRateLimiter> members = List.of(cluster.limiter(0), cluster.limiter(1));
            measure("two members, leased, 1 bucket", members, 500_000, 1, "1000000000/hour");
            measure("two members, leased, 1,000 buckets", members, 500_000, 1_000, "1000000/hour");
            measure("two members, exact, 1,000 buckets", members, 20_000, 1_000, "30/hour");
            measure("two members, exhausted, 1 bucket", members, 200_000, 1, "1/hour");
        }
        System.exit(0);
    }

    private static void measure(String what, List<SharedRateLimiter> nodes, int decisions, int buckets, String limit) {
        var clock = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        double best = Double.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            List<List<Descriptor>> descriptors = new ArrayList<>();
            for (int i = 0; i < buckets; i++) {
                descriptors.add(List.of(Descriptor.of(
                        entry("sluice_limit", "m:" + limit),
                        entry("caller", what + (limit.equals("30/hour") ? round : 0) + i))));
            }
            long before = clock.getProcessCpuTime();
            var flying = new ArrayList<CompletableFuture<Decision>>();
            for (int i = 0; i < decisions; i++) {
                CompletableFuture<Decision> decision = nodes.get(i % nodes.size())
                        .spend("sluice", descriptors.get((i / nodes.size()) % buckets), 1)
                        .toCompletableFuture();
                if (!decision.isDone()) {
                    flying.add(decision);
                    if (flying.size() == IN_FLIGHT) {
                        flying.forEach(CompletableFuture::join);
                        flying.clear();
                    }
                }
            }
            flying.forEach(CompletableFuture::join);
            best = Math.min(best, (clock.getProcessCpuTime() - before) / 1_000.0 / decisions);
        }
        System.out.println(String.format(Locale.ROOT, "%-36s %8.2f us of CPU per decision", what, best));
    }
}
