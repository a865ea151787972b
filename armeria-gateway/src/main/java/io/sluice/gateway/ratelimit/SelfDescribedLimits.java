package io.sluice.gateway.ratelimit;

import io.sluice.gateway.ratelimit.LimitRule.FailurePolicy;
import io.sluice.gateway.ratelimit.LimitRule.Refill;
import java.util.Locale;
import java.util.Optional;

/**
 * Limits that travel in the descriptor, so that whoever asks needs no table: the first entry is {@code sluice_limit} with the value {@code
 * <name>:<requests>/<unit>}, the others say whose bucket it is. The figures are part of the bucket's name: a changed limit is a new bucket.
 */
final class SelfDescribedLimits {
    static final String DOMAIN = "sluice";
    static final String KEY = "sluice_limit";

    private SelfDescribedLimits() {}

    static Optional<LimitRule> find(Descriptor descriptor) {
        if (descriptor.entries().isEmpty() || !descriptor.entries().get(0).key().equals(KEY)) {
            return Optional.empty();
        }
        return Optional.of(parse(descriptor.entries().get(0).value()));
    }

    static LimitRule parse(String value) {
        int colon = value.lastIndexOf(':');
        int slash = value.indexOf('/', colon + 1);
        try {
            if (colon > 0 && slash > 0) {
                long requests = Long.parseUnsignedLong(value, colon + 1, slash, 10);
                LimitUnit unit = LimitUnit.valueOf(value.substring(slash + 1).toUpperCase(Locale.ROOT));
                if (requests >= 0 && unit.compareTo(LimitUnit.DAY) <= 0) {
                    return new LimitRule(
                            new Decision.Limit(value.substring(0, colon), requests, unit),
                            Refill.WINDOW,
                            0,
                            false,
                            false,
                            FailurePolicy.LOCAL_SHARE);
                }
            }
        } catch (IllegalArgumentException e) {
            throw wrong(value);
        }
        throw wrong(value);
    }

    private static IllegalArgumentException wrong(String value) {
        return new IllegalArgumentException(
                KEY + ": '" + value + "' (expected: <name>:<requests>/<second|minute|hour|day>)");
    }
}
