package io.sluice.gateway.ratelimit;

import io.sluice.gateway.ratelimit.LimitRule.FailurePolicy;
import io.sluice.gateway.ratelimit.LimitRule.Refill;
import java.util.Map;
import java.util.Optional;

/** Which limit a descriptor falls under. Immutable. */
public final class LimitTable {
    /** Only the limits that describe themselves. */
    public static final LimitTable SELF_DESCRIBED = new LimitTable(Map.of());

    private final Map<String, LimitTree> domains;

    public LimitTable(Map<String, LimitTree> domains) {
        this.domains = Map.copyOf(domains);
    }

    /**
     * Empty where nothing limits the descriptor, or the domain is unknown. A limit that the request itself brings wins over the table.
     *
     * @throws IllegalArgumentException for a self-described limit that cannot be read
     */
    Optional<LimitRule> find(String domain, Descriptor descriptor) {
        LimitTree tree = domains.get(domain);
        boolean selfDescribed = domain.equals(SelfDescribedLimits.DOMAIN);
        Descriptor.LimitOverride override = descriptor.limitOverride();
        if (override != null && (selfDescribed || tree != null)) {
            return Optional.of(new LimitRule(
                    new Decision.Limit("", override.requestsPerUnit(), override.unit()),
                    Refill.ALIGNED_WINDOW,
                    0,
                    false,
                    false,
                    FailurePolicy.LOCAL_SHARE));
        }
        if (selfDescribed) {
            return SelfDescribedLimits.find(descriptor);
        }
        return tree == null ? Optional.empty() : tree.find(descriptor);
    }
}
