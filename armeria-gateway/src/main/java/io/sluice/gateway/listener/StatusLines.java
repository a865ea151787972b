package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpStatus;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** {@code HTTP/1.1 200 OK} and its line's end, made once for each status. */
final class StatusLines {
    private static final int STATUSES = 1000;
    private static final byte[][] LINES = new byte[STATUSES][];

    private StatusLines() {}

    static void write(ByteBuf out, HttpStatus status) {
        int code = status.code();
        if (code < 0 || code >= STATUSES) {
            out.writeBytes(line(status));
            return;
        }
        byte[] line = LINES[code];
        if (line == null) {
            line = line(status);
            LINES[code] = line; // two loops may both make it, and make the same
        }
        out.writeBytes(line);
    }

    private static byte[] line(HttpStatus status) {
        return ("HTTP/1.1 " + status.codeAsText() + ' ' + status.reasonPhrase() + "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
    }
}
