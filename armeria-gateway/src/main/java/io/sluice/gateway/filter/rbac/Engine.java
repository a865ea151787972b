package io.sluice.gateway.filter.rbac;

import io.sluice.gateway.filter.Exchange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decides by the first policy, in the order of their names, whose permissions and principals both match. */
record Engine(Action action, List<Policy> policies) {
    Engine {
        policies = List.copyOf(policies);
    }

    enum Action {
        /** Nobody may but those of a policy. */
        ALLOW,
        /** Everybody may but those of a policy. */
        DENY,
        /** Everybody may; whether a policy matched stands in the metadata. */
        LOG
    }

    record Policy(String name, Rule permissions, Rule principals) {}

    /** @param policy the one that matched; null for none */
    record Verdict(boolean allowed, @Nullable String policy) {}

    Verdict decide(Exchange exchange) {
        String matched = null;
        for (Policy policy : policies) {
            if (policy.permissions().matches(exchange) && policy.principals().matches(exchange)) {
                matched = policy.name();
                break;
            }
        }
        return switch (action) {
            case ALLOW -> new Verdict(matched != null, matched);
            case DENY -> new Verdict(matched == null, matched);
            case LOG -> {
                exchange.metadata("envoy.common").put("access_log_hint", matched != null);
                yield new Verdict(true, matched);
            }
        };
    }
}
