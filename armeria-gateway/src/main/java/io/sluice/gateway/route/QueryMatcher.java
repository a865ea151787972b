package io.sluice.gateway.route;

/** A query parameter that must be there; its first value, not decoded, is compared. */
public record QueryMatcher(String name, ValueMatcher value) implements Condition {
    public boolean matches(RouteRequest request) {
        String actual = request.query(name);
        return actual != null && value.matches(actual);
    }
}
