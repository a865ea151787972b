package io.sluice.gateway.accesslog;

import org.jspecify.annotations.Nullable;

/** One part of a format: fixed text, or a {@code %COMMAND%}. */
@FunctionalInterface
interface Command {
    /** A {@link String}, or a {@link Long} where JSON shall have a number; null when the request has no such value. */
    @Nullable
    Object value(StreamInfo info);

    /** The same for a line of text: a header's characters stand for its bytes, which mostly are UTF-8. */
    default @Nullable Object readable(StreamInfo info) {
        return value(info);
    }
}
