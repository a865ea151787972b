package io.sluice.gateway.wire;

import io.sluice.gateway.compile.HttpConnectionManager;
import java.time.Duration;

/**
 * What one connection may ask of us before its requests are looked at. Immutable.
 *
 * @param maxHeadBytes of a request line with its headers, and of trailers
 * @param http10 whether HTTP/1.0 is let in
 * @param headersTimeout from a request's first byte to the end of its head; zero means none
 */
public record WireLimits(int maxHeadBytes, boolean http10, Duration headersTimeout) {
    /** Envoy's max_request_headers_kb. */
    public static final int DEFAULT_HEAD_BYTES = 60 * 1024;

    /** Of a connection before anything is known. */
    public static final WireLimits DEFAULT = new WireLimits(DEFAULT_HEAD_BYTES, false, Duration.ZERO);

    /** @param headersTimeout where the manager does not say */
    public static WireLimits of(HttpConnectionManager manager, Duration headersTimeout) {
        Duration own = manager.connections().headersTimeout();
        return new WireLimits(manager.maxHeadBytes(), manager.acceptHttp10(), own == null ? headersTimeout : own);
    }
}
