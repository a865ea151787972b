package io.sluice.gateway.route;

import org.jspecify.annotations.Nullable;

/** What matching asks of a request. */
public interface RouteRequest {
    /** The authority as received, with its port. */
    String authority();

    /** Without the query. */
    String path();

    /** All values of a name joined by commas; null when absent. Pseudo headers have their colon. */
    @Nullable
    String header(String name);

    /** The first value of a parameter, not decoded; empty for one without a value, null when absent. */
    @Nullable
    String query(String name);

    /** At least 0, the same for all random decisions of one request. */
    long random();

    /** What the caller used, as the entry rules see it. */
    boolean isTls();
}
