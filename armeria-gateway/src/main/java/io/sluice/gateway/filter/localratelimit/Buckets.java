package io.sluice.gateway.filter.localratelimit;

import io.sluice.gateway.ratelimit.Descriptor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of one configuration. Source: Envoy, {@code local_ratelimit_impl.cc}.
 *
 * @param byDefault null where only descriptors are limited
 * @param always whether requests of a descriptor spend of the default bucket too
 */
record Buckets(@Nullable TokenBucket byDefault, Map<List<Descriptor.Entry>, TokenBucket> byDescriptor, boolean always) {
    Buckets {
        byDescriptor = Map.copyOf(byDescriptor);
    }

    /** @param bucket the one that decided; null where none was asked */
    record Spent(boolean allowed, @Nullable TokenBucket bucket) {}

    boolean areByDescriptor() {
        return !byDescriptor.isEmpty();
    }

    Spent spend(List<Descriptor> descriptors) {
        record Match(TokenBucket bucket, long hits) {}
        List<Match> matches = new ArrayList<>();
        for (Descriptor descriptor : descriptors) {
            TokenBucket bucket = byDescriptor.get(descriptor.entries());
            if (bucket != null) {
                matches.add(new Match(bucket, descriptor.hits() < 0 ? 1 : descriptor.hits()));
            }
        }
        matches.sort(Comparator.comparingDouble(match -> match.bucket().tokensPerSecond()));
        for (Match match : matches) {
            if (!match.bucket().take(match.hits())) {
                return new Spent(false, match.bucket());
            }
        }
        TokenBucket last = matches.isEmpty() ? null : matches.getFirst().bucket();
        if (byDefault != null && (matches.isEmpty() || always)) {
            if (!byDefault.take(1)) {
                return new Spent(false, byDefault);
            }
            last = last == null ? byDefault : last;
        }
        return new Spent(true, last);
    }
}
