package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import org.jspecify.annotations.Nullable;

/** A piece of a body on its way through the filters, which may put other bytes in its place. On the exchange's event loop. */
public final class Piece {
    private HttpData data;
    private boolean end;
    private @Nullable HttpHeadersBuilder trailers;

    /** @param data the piece's from now on */
    public Piece(HttpData data, boolean end) {
        this.data = data;
        this.end = end;
    }

    /** Stays the piece's: a filter that wants to keep bytes copies them. Empty where only the end is told. */
    public HttpData data() {
        return data;
    }

    /** Whether nothing follows. A body's end may arrive after its last byte, with an empty piece. */
    public boolean isEnd() {
        return end;
    }

    /** Other bytes instead, empty to swallow these. */
    public void replace(HttpData next) {
        HttpData before = data;
        data = next;
        before.close();
    }

    /** Trailers to follow a body that would end without any; for the last piece only. */
    public HttpHeadersBuilder addTrailers() {
        HttpHeadersBuilder builder = trailers;
        if (builder == null) {
            if (!end) {
                throw new IllegalStateException("more of the body may follow");
            }
            builder = HttpHeaders.builder().endOfStream(true);
            trailers = builder;
        }
        return builder;
    }

    public boolean hasTrailers() {
        return trailers != null;
    }

    /** The trailers that a filter added, which end the body in the piece's place; null where none did. */
    public @Nullable HttpHeadersBuilder takeTrailers() {
        HttpHeadersBuilder taken = trailers;
        trailers = null;
        end &= taken == null;
        return taken;
    }

    /** The bytes, which are the caller's from now on. */
    public HttpData take() {
        HttpData taken = data;
        data = HttpData.empty();
        return taken;
    }
}
