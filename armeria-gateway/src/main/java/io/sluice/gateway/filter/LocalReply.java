package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpHeaders;
import io.sluice.gateway.accesslog.ResponseFlag;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An answer that no upstream gave.
 *
 * @param details Envoy's response code details
 * @param grpcStatus null means by Envoy's map from the HTTP status
 * @param mutations of the route, on the router's own replies
 */
public record LocalReply(
        int status,
        String body,
        HttpHeaders headers,
        Set<ResponseFlag> flags,
        String details,
        @Nullable Integer grpcStatus,
        HeaderMutations mutations) {
    public LocalReply {
        flags = Set.copyOf(flags);
    }

    public LocalReply(
            int status,
            String body,
            HttpHeaders headers,
            Set<ResponseFlag> flags,
            String details,
            @Nullable Integer grpcStatus) {
        this(status, body, headers, flags, details, grpcStatus, HeaderMutations.NONE);
    }

    /** The same with the route's header mutations. */
    public LocalReply with(HeaderMutations changes) {
        return new LocalReply(status, body, headers, flags, details, grpcStatus, changes);
    }

    public static LocalReply of(int status, String body, String details, ResponseFlag... flags) {
        return new LocalReply(status, body, HttpHeaders.of(), Set.of(flags), details, null, HeaderMutations.NONE);
    }
}
