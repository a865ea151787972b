package io.sluice.gateway.secret;

import java.util.Optional;

/** Where the rules for the other side's certificate come from. */
public sealed interface RulesSource {
    record Inline(PeerRules rules) implements RulesSource {}

    /** @param under holds beside the secret */
    record Named(String secret, PeerRules under) implements RulesSource {}

    /** Looks at no certificate. */
    static RulesSource none() {
        return new Inline(PeerRules.NONE);
    }

    /** The secret's name. */
    default Optional<String> name() {
        return this instanceof Named named ? Optional.of(named.secret()) : Optional.empty();
    }
}
