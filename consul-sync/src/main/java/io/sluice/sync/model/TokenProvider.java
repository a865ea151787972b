package io.sluice.sync.model;

import java.time.Duration;
import java.util.List;

/**
 * Whose tokens routes may ask for.
 *
 * @param issuer as the token says it, letter by letter
 * @param audiences of which a token must name one; empty means any
 * @param forward whether the token goes on to the service
 */
public record TokenProvider(String name, String issuer, List<String> audiences, Keys keys, boolean forward) {
    public TokenProvider {
        audiences = List.copyOf(audiences);
    }

    /** Where the issuer's keys come from. */
    public sealed interface Keys {
        /** @param set JSON of RFC 7517 */
        record Inline(String set) implements Keys {}

        /** @param service of the catalog, asked over HTTP */
        record Served(String service, String path, Duration cache) implements Keys {}
    }
}
