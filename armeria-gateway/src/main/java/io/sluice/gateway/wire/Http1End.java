package io.sluice.gateway.wire;

import com.linecorp.armeria.common.HttpHeaders;

/**
 * How a request on an HTTP/1 connection ended.
 *
 * @param trailers empty where there were none
 * @param broken whether the rest of the body was none
 */
public record Http1End(HttpHeaders trailers, boolean broken) {
    static final Http1End PLAIN = new Http1End(HttpHeaders.of(), false);
    static final Http1End BROKEN = new Http1End(HttpHeaders.of(), true);
}
