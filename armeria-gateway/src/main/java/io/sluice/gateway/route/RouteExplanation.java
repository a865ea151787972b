package io.sluice.gateway.route;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why a request's route is its route.
 *
 * @param host null where none is for the request's authority
 * @param domain of the host that was found by it, as it is written
 * @param tried all routes of the host, in their order
 */
public record RouteExplanation<T>(@Nullable VirtualHost<T> host, String domain, List<Tried<T>> tried) {
    public RouteExplanation {
        tried = List.copyOf(tried);
    }

    /** @param unmet the first condition that the request does not meet; null where it meets all */
    public record Tried<T>(
            VirtualHost.Entry<T> entry, @Nullable Condition unmet) {}

    /** The first that the request meets. */
    public Optional<Tried<T>> chosen() {
        return tried.stream().filter(one -> one.unmet() == null).findFirst();
    }
}
