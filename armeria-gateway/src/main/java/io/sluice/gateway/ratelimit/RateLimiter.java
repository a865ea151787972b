package io.sluice.gateway.ratelimit;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** Spends from shared buckets. Never blocks; completes within its own deadline, on any thread. */
public interface RateLimiter {
    /**
     * Spends {@code hits} from the bucket of each descriptor; over if any of them is.
     *
     * @param domain the tree of limits; an unknown one limits nothing
     * @param hits at least 0; 0 only asks
     */
    CompletionStage<Decision> spend(String domain, List<Descriptor> descriptors, long hits);
}
