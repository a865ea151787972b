package io.sluice.gateway.filter;

/** Where a match leads: the action, and what the route, its virtual host and its table say beside it. Immutable. */
public interface Route {
    String name();
}
