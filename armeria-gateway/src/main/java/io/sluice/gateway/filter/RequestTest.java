package io.sluice.gateway.filter;

/** A match on a request that is not a route's. */
@FunctionalInterface
public interface RequestTest {
    boolean matches(Exchange exchange);
}
