package io.sluice.gateway.route;

import java.util.List;

/**
 * A header that must (or, inverted, must not) match: one of its values, where it stands several times. An absent header never matches, inverted
 * or not, but for {@link ValueMatcher.Present} and where a missing one counts as empty.
 */
public record HeaderMatcher(String name, ValueMatcher value, boolean invert, boolean missingIsEmpty)
        implements Condition {
    public boolean matches(RouteRequest request) {
        return matches(request.header(name));
    }

    /** @param actual empty where the header is absent */
    public boolean matches(List<String> actual) {
        if (value instanceof ValueMatcher.Present) {
            return actual.isEmpty() == invert;
        }
        if (actual.isEmpty()) {
            return missingIsEmpty && value.matches("") != invert;
        }
        return any(actual) != invert;
    }

    private boolean any(List<String> actual) {
        for (String one : actual) {
            if (value.matches(one)) {
                return true;
            }
        }
        return false;
    }
}
