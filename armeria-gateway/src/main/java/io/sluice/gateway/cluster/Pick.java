package io.sluice.gateway.cluster;

import java.util.OptionalLong;

/** What a request wants of the endpoint that is picked for it. */
public interface Pick {
    /** Nothing in particular. */
    Pick ANY = new Pick() {};

    /** What hashing policies go by; empty means at random. Asked only where the policy hashes. */
    default OptionalLong hash() {
        return OptionalLong.empty();
    }

    /** Whether another one is wanted. */
    default boolean avoids(LiveEndpoint endpoint) {
        return false;
    }

    /** How often another one is looked for, before one not wanted is taken all the same. */
    default int furtherLooks() {
        return 0;
    }

    /** Whether the priority is left out, as far as others can take its load. */
    default boolean avoidsPriority(int priority) {
        return false;
    }

    /** Whether any priority is left out. */
    default boolean avoidsPriorities() {
        return false;
    }
}
