package io.sluice.gateway.filter.cors;

import io.sluice.gateway.route.RouteMatch.Fraction;
import io.sluice.gateway.route.ValueMatcher;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which origins may ask for what. What a level leaves open, the next one says.
 *
 * @param methods and the other texts: empty for not said
 * @param credentials and the other nullable ones: null for not said
 */
record CorsPolicy(
        List<ValueMatcher> origins,
        String methods,
        String headers,
        String exposed,
        String maxAge,
        @Nullable Boolean credentials,
        @Nullable Boolean privateNetwork,
        @Nullable Boolean forwardOthers,
        Fraction enabled,
        Fraction shadow) {
    CorsPolicy {
        origins = List.copyOf(origins);
    }

    /** This level's, and the less specific one's where this one says nothing; percentages are never taken over. */
    CorsPolicy or(CorsPolicy less) {
        return new CorsPolicy(
                origins.isEmpty() ? less.origins : origins,
                or(methods, less.methods),
                or(headers, less.headers),
                or(exposed, less.exposed),
                or(maxAge, less.maxAge),
                credentials == null ? less.credentials : credentials,
                privateNetwork == null ? less.privateNetwork : privateNetwork,
                forwardOthers == null ? less.forwardOthers : forwardOthers,
                enabled,
                shadow);
    }

    private static String or(String said, String otherwise) {
        return said.isEmpty() ? otherwise : said;
    }

    boolean allows(String origin) {
        return origins.stream().anyMatch(allowed -> allowed.matches(origin));
    }
}
