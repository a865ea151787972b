package io.sluice.gateway.route;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What matching asks of a request. */
public interface RouteRequest {
    /** The authority as received, with its port. */
    String authority();

    /** Without the query. */
    String path();

    /** The values of a name in their order, empty when absent. Pseudo headers have their colon. */
    List<String> header(String name);

    /** The first value of a parameter, not decoded; empty for one without a value, null when absent. */
    @Nullable
    String query(String name);

    /** What a filter found out so far; empty where there is nothing. */
    Map<String, Object> metadata(String filter);

    /** At least 0, the same for all random decisions of one request. */
    long random();

    /** What the caller used, as the entry rules see it. */
    boolean isTls();

    /** Whether the caller showed a certificate. */
    default boolean hasCertificate() {
        return false;
    }

    /** Whether that comes from a trusted issuer, or is pinned. */
    default boolean hasValidCertificate() {
        return false;
    }
}
