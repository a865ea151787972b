package io.sluice.loadtests.harness;

import java.util.List;

/**
 * What came back, as far as it came.
 *
 * @param interim status codes of the 1xx responses before it
 * @param end how the response ended
 */
public record Response(int status, Headers headers, Bytes body, Headers trailers, List<Integer> interim, End end) {
    /** How a response ended on the wire. */
    public enum End {
        /** Its framing said so. */
        COMPLETE,
        /** HTTP/1: the connection ended before the framing did. HTTP/2: RST_STREAM or a lost connection. */
        RESET,
        /** Nothing came for as long as we were ready to wait. */
        SILENT
    }

    public String text() {
        return body.utf8();
    }
}
