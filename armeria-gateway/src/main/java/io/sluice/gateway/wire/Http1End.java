package io.sluice.gateway.wire;

import com.linecorp.armeria.common.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * How a request on an HTTP/1 connection ended.
 *
 * @param trailers empty where there were none
 * @param broken what is wrong with the rest of the body; null where nothing is
 */
public record Http1End(HttpHeaders trailers, @Nullable Refusal broken) {
    static final Http1End PLAIN = new Http1End(HttpHeaders.of(), null);
}
