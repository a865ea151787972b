package io.sluice.loadtests.harness;

/**
 * A request as an upstream saw it.
 *
 * @param protocol {@code HTTP/1.1}, {@code HTTP/1.0} or {@code HTTP/2}
 * @param headers without HTTP/2's pseudo headers, except that {@code :authority} stands as {@code host}
 * @param connection number of the connection it came on, from 1
 * @param raw the request's bytes; empty for HTTP/2
 * @param tls of its connection: version, ALPN, the name asked for and the caller's common name, each {@code -} for none; empty in clear text
 */
public record RecordedRequest(
        String method,
        String path,
        String protocol,
        Headers headers,
        Bytes body,
        Headers trailers,
        int connection,
        Bytes raw,
        String tls) {
    public RecordedRequest(
            String method,
            String path,
            String protocol,
            Headers headers,
            Bytes body,
            Headers trailers,
            int connection,
            Bytes raw) {
        this(method, path, protocol, headers, body, trailers, connection, raw, "");
    }

    public String text() {
        return body.utf8();
    }
}
