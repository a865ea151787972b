package io.sluice.gateway.filter.extauthz;

import io.sluice.gateway.route.ValueMatcher;
import java.util.List;

/** A choice of headers by their names. */
record HeaderNames(List<ValueMatcher> patterns) {
    static final HeaderNames NONE = new HeaderNames(List.of());

    HeaderNames {
        patterns = List.copyOf(patterns);
    }

    boolean contain(String name) {
        for (ValueMatcher pattern : patterns) {
            if (pattern.matches(name)) {
                return true;
            }
        }
        return false;
    }
}
