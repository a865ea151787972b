package io.sluice.gateway.filter.jwt;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a request must show. */
sealed interface Requirement {
    /** A token of this provider. */
    record Token(Provider provider, @Nullable Audiences audiences, TokenPlaces places) implements Requirement {}

    /**
     * No token at all, or good ones, of any provider.
     *
     * @param all in the order of their names
     * @param failedToo bad ones are ignored as well
     */
    record Optional(List<Provider> all, TokenPlaces places, boolean failedToo) implements Requirement {
        public Optional {
            all = List.copyOf(all);
        }
    }

    /**
     * One of these.
     *
     * @param missing a request without any token will do
     * @param failed anything will do
     */
    record Any(List<Requirement> of, boolean missing, boolean failed) implements Requirement {
        public Any {
            of = List.copyOf(of);
        }
    }

    record All(List<Requirement> of) implements Requirement {
        public All {
            of = List.copyOf(of);
        }
    }

    record Nothing() implements Requirement {}
}
