package io.sluice.loadtests.harness;

/**
 * A request as an upstream saw it.
 *
 * @param protocol {@code HTTP/1.1}, {@code HTTP/1.0} or {@code HTTP/2}
 * @param headers without HTTP/2's pseudo headers, except that {@code :authority} stands as {@code host}
 * @param connection number of the connection it came on, from 1
 * @param raw the request's bytes; empty for HTTP/2
 */
public record RecordedRequest(
        String method,
        String path,
        String protocol,
        Headers headers,
        Bytes body,
        Headers trailers,
        int connection,
        Bytes raw) {
    public String text() {
        return body.utf8();
    }
}
