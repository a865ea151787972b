package io.sluice.gateway.route;

import org.jspecify.annotations.Nullable;

/**
 * A header that must (or, inverted, must not) match. Values of one name are joined by commas. An absent header never matches, inverted or not,
 * but for {@link ValueMatcher.Present} and where a missing one counts as empty.
 */
public record HeaderMatcher(String name, ValueMatcher value, boolean invert, boolean missingIsEmpty) {
    public boolean matches(RouteRequest request) {
        return matches(request.header(name));
    }

    /** @param actual null where the header is absent */
    public boolean matches(@Nullable String actual) {
        if (value instanceof ValueMatcher.Present) {
            return (actual != null) != invert;
        }
        if (actual == null) {
            return missingIsEmpty && value.matches("") != invert;
        }
        return value.matches(actual) != invert;
    }
}
