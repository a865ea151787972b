package io.sluice.gateway.filter.jwt;

import io.sluice.gateway.route.ValueMatcher;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whose tokens are believed, and what goes on from them.
 *
 * @param issuer empty for any
 * @param subjects null for any
 * @param maxLifetime how far away its end may be; null for any
 * @param forward whether the token itself goes on to the upstream
 * @param payloadHeader empty for none, as the metadata names
 */
record Provider(
        String name,
        String issuer,
        Audiences audiences,
        @Nullable ValueMatcher subjects,
        boolean requireExpiration,
        @Nullable Duration maxLifetime,
        long clockSkewSeconds,
        KeySource keys,
        TokenPlaces.Spec places,
        boolean forward,
        String payloadHeader,
        boolean padPayload,
        List<ClaimHeader> claimHeaders,
        Metadata metadata,
        boolean clearRouteCache,
        TokenCache cache) {
    Provider {
        claimHeaders = List.copyOf(claimHeaders);
    }

    /** @param claim with dots into nested ones */
    record ClaimHeader(String header, String claim) {}

    record Metadata(String payload, List<String> spaceDelimited, String header, String failedStatus) {
        Metadata {
            spaceDelimited = List.copyOf(spaceDelimited);
        }
    }
}
