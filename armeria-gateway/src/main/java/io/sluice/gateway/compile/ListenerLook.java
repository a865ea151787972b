package io.sluice.gateway.compile;

import java.time.Duration;

/**
 * What a listener finds out about a connection before it chooses a chain: Envoy's listener filters.
 *
 * @param proxyProtocol whether a PROXY header comes first
 * @param withoutProxyProtocol whether it may be missing
 * @param tls whether the name and the protocols are read that a TLS caller asks for
 * @param http whether it is read what a caller in clear text speaks
 * @param timeout for all of it; zero for none
 * @param goOn whether a connection that takes longer goes on with what is known, instead of being closed
 */
public record ListenerLook(
        boolean proxyProtocol,
        boolean withoutProxyProtocol,
        boolean tls,
        boolean http,
        Duration timeout,
        boolean goOn) {
    /** Whether any byte must be there first. */
    public boolean needsBytes() {
        return proxyProtocol || tls || http;
    }
}
