package io.sluice.sync.consul;

import io.sluice.sync.consul.ConsulClient.Answer;
import io.sluice.sync.consul.ConsulClient.Query;
import java.time.Duration;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Whether Consul still knows its catalog, asked beside the watches, which may wait for a minute before they notice that it does not. On the client's
 * loop.
 */
final class Witness {
    /** How long an answer counts: longer than whoever doubts waits between two looks. */
    private static final Duration FRESH = Duration.ofMillis(1_500);

    private final ConsulClient client;
    private final Predicate<Set<String>> plausible;
    private boolean asking;
    private boolean agreed;
    private long answered = System.nanoTime() - FRESH.toNanos();

    /** @param plausible whether these may be the names of all services */
    Witness(ConsulClient client, Predicate<Set<String>> plausible) {
        this.client = client;
        this.plausible = plausible;
    }

    /** Not before it was asked, which the first of these questions does; to be repeated. */
    boolean agrees() {
        boolean fresh = System.nanoTime() - answered < FRESH.toNanos();
        if (!fresh && !asking) {
            asking = true;
            client.get(Subjects.catalog().path(), new Query.Surely()).whenCompleteAsync(this::heard, client.loop());
        }
        return fresh && agreed;
    }

    private void heard(@Nullable Answer answer, @Nullable Throwable failed) {
        asking = false;
        answered = System.nanoTime();
        try {
            agreed =
                    answer != null && plausible.test(Subjects.catalog().parser().apply(answer.body()));
        } catch (ConsulException e) {
            agreed = false;
        }
    }
}
