package io.sluice.gateway.upstream;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What an upstream sent is no HTTP/1 answer. */
final class Http1AnswerException extends IOException {
    private static final int SHOWN = 100;

    Http1AnswerException(String what) {
        super(what);
    }

    /** @param bytes which were read as that */
    Http1AnswerException(String what, byte[] bytes, int from, int to) {
        super(what + " '" + new String(bytes, from, Math.min(to - from, SHOWN), StandardCharsets.ISO_8859_1) + "'");
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this; // the fault is not in our code
    }
}
