package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpStatus;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.util.AsciiString;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Headers as Netty's encoder walks through them: the status first, and nothing that only HTTP/1 may say. Used again for each block. */
final class SentFields extends DefaultHttp2Headers {
    private static final AsciiString STATUS = AsciiString.cached(":status");

    private final transient Walk walk = new Walk();
    private transient Iterator<Map.Entry<AsciiString, String>> rest = Collections.emptyIterator();
    private transient Map.@Nullable Entry<? extends CharSequence, ? extends CharSequence> next;

    SentFields() {
        super(false, false, 2);
    }

    /** @param status null for trailers */
    SentFields of(HttpHeaders headers, @Nullable HttpStatus status) {
        rest = headers.iterator();
        if (status == null) {
            step();
        } else {
            next = Map.entry(STATUS, status.codeAsText());
        }
        return this;
    }

    private void step() {
        next = null;
        while (rest.hasNext()) {
            Map.Entry<AsciiString, String> field = rest.next();
            if (mayBeSent(field.getKey())) {
                next = field;
                return;
            }
        }
    }

    private static boolean mayBeSent(AsciiString name) {
        if (name.charAt(0) == ':') {
            return false;
        }
        return switch (name.length()) {
            case 7 -> !name.contentEquals("upgrade");
            case 10 -> !name.contentEquals("connection") && !name.contentEquals("keep-alive");
            case 16 -> !name.contentEquals("proxy-connection");
            case 17 -> !name.contentEquals("transfer-encoding");
            default -> true;
        };
    }

    @Override
    public Iterator<Map.Entry<CharSequence, CharSequence>> iterator() {
        return walk;
    }

    private final class Walk implements Iterator<Map.Entry<CharSequence, CharSequence>> {
        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        @SuppressWarnings("unchecked") // nobody writes to it
        public Map.Entry<CharSequence, CharSequence> next() {
            Map.Entry<? extends CharSequence, ? extends CharSequence> now = next;
            if (now == null) {
                throw new NoSuchElementException();
            }
            step();
            return (Map.Entry<CharSequence, CharSequence>) now;
        }
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
