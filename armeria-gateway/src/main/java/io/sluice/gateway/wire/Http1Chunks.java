package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** The body of one HTTP/1 request in chunks, as it arrives: looks at all but the data. Source: RFC 9112 section 7.1. */
final class Http1Chunks {
    /** More are zeros, or overflow somewhere; so may sizes beyond 31 bits. */
    private static final int SIZE_DIGITS = 15;

    private static final int LINE_BYTES = 4096;
    private static final int NAME_BYTES = 32;

    private enum State {
        SIZE,
        EXTENSION_NAME_START,
        EXTENSION_NAME,
        EXTENSION_VALUE_START,
        EXTENSION_VALUE,
        QUOTED,
        QUOTED_PAIR,
        QUOTE_CLOSED,
        SIZE_LF,
        DATA,
        DATA_CR,
        DATA_LF,
        TRAILER_START,
        TRAILER_NAME,
        TRAILER_VALUE,
        TRAILER_LF,
        LAST_LF,
        DONE
    }

    private final byte[] name = new byte[NAME_BYTES];
    private final int maxTrailerBytes;
    private State state = State.SIZE;
    private long left;
    private int digits;
    private int line;
    private int nameLength;
    private int trailers;
    private boolean firstSizeRead;
    private @Nullable Refusal refusal;

    /** @param maxTrailerBytes as for a head */
    Http1Chunks(int maxTrailerBytes) {
        this.maxTrailerBytes = maxTrailerBytes;
    }

    void reset() {
        state = State.SIZE;
        left = 0;
        digits = 0;
        line = 0;
        nameLength = 0;
        trailers = 0;
        firstSizeRead = false;
        refusal = null;
    }

    /** Null as long as nothing is wrong. */
    @Nullable
    Refusal refusal() {
        return refusal;
    }

    boolean isDone() {
        return state == State.DONE;
    }

    /** Whether the line before the first chunk has come and is right. */
    boolean isFirstSizeRead() {
        return firstSizeRead;
    }

    /** @return where it stopped: at {@code to}, behind the end, or at the byte that is wrong */
    int read(ByteBuf in, int from, int to) {
        int at = from;
        while (at < to && state != State.DONE) {
            if (state == State.DATA) {
                long skipped = Math.min(left, to - at);
                left -= skipped;
                at += (int) skipped;
                if (left == 0) {
                    state = State.DATA_CR;
                }
                continue;
            }
            next(in.getByte(at));
            if (refusal != null) {
                return at;
            }
            at++;
        }
        return at;
    }

    private void next(byte b) {
        switch (state) {
            case SIZE -> size(b);
            case EXTENSION_NAME_START -> extend(b, b != '\r', State.EXTENSION_NAME);
            case EXTENSION_NAME -> {
                switch (b) {
                    case '=' -> state = State.EXTENSION_VALUE_START;
                    case ';' -> state = State.EXTENSION_NAME_START;
                    case '\r' -> state = State.SIZE_LF;
                    default -> extend(b, true, State.EXTENSION_NAME);
                }
            }
            case EXTENSION_VALUE_START -> {
                if (b == '"') {
                    state = State.QUOTED;
                } else {
                    extend(b, b != '\r', State.EXTENSION_VALUE);
                }
            }
            case EXTENSION_VALUE -> {
                switch (b) {
                    case ';' -> state = State.EXTENSION_NAME_START;
                    case '\r' -> state = State.SIZE_LF;
                    default -> extend(b, true, State.EXTENSION_VALUE);
                }
            }
            case QUOTED -> {
                switch (b) {
                    case '"' -> state = State.QUOTE_CLOSED;
                    case '\\' -> state = State.QUOTED_PAIR;
                    default -> quoted(b);
                }
            }
            case QUOTED_PAIR -> {
                quoted(b);
                state = State.QUOTED;
            }
            case QUOTE_CLOSED -> {
                switch (b) {
                    case ';' -> state = State.EXTENSION_NAME_START;
                    case '\r' -> state = State.SIZE_LF;
                    default -> refusal = Refusal.CHUNK;
                }
            }
            case SIZE_LF -> sizeEnd(b);
            case DATA_CR -> expect(b, '\r', State.DATA_LF, Refusal.CHUNK);
            case DATA_LF -> {
                expect(b, '\n', State.SIZE, Refusal.CHUNK);
                digits = 0;
                line = 0;
            }
            case TRAILER_START -> {
                nameLength = 0;
                if (b == '\r') {
                    state = State.LAST_LF;
                } else {
                    state = State.TRAILER_NAME;
                    trailerName(b);
                }
            }
            case TRAILER_NAME -> trailerName(b);
            case TRAILER_VALUE -> {
                if (b == '\r') {
                    state = State.TRAILER_LF;
                } else if (!ByteClass.is(ByteClass.VALUE, b)) {
                    refusal = Refusal.TRAILER;
                }
            }
            case TRAILER_LF -> expect(b, '\n', State.TRAILER_START, Refusal.TRAILER);
            case LAST_LF -> expect(b, '\n', State.DONE, Refusal.TRAILER);
            case DATA, DONE -> throw new IllegalStateException(state.name());
        }
        boolean inTrailers = state.compareTo(State.TRAILER_START) >= 0;
        if (inTrailers ? ++trailers > maxTrailerBytes : ++line > LINE_BYTES) {
            refusal = inTrailers ? Refusal.HEADERS_TOO_LARGE : Refusal.CHUNK;
        }
    }

    private void size(byte b) {
        int digit = Character.digit(b, 16);
        if (digit >= 0) {
            left = left * 16 + digit;
            if (++digits > SIZE_DIGITS || left > Integer.MAX_VALUE) {
                refusal = Refusal.CHUNK;
            }
        } else if (digits == 0) {
            refusal = Refusal.CHUNK;
        } else if (b == ';') {
            state = State.EXTENSION_NAME_START;
        } else {
            expect(b, '\r', State.SIZE_LF, Refusal.CHUNK);
        }
    }

    private void sizeEnd(byte b) {
        expect(b, '\n', left == 0 ? State.TRAILER_START : State.DATA, Refusal.CHUNK);
        firstSizeRead = true;
    }

    private void extend(byte b, boolean allowed, State next) {
        if (allowed && ByteClass.is(ByteClass.TOKEN, b)) {
            state = next;
        } else {
            refusal = Refusal.CHUNK;
        }
    }

    private void quoted(byte b) {
        if (!ByteClass.is(ByteClass.VALUE, b)) {
            refusal = Refusal.CHUNK;
        }
    }

    private void trailerName(byte b) {
        if (b == ':' && nameLength > 0) {
            state = State.TRAILER_VALUE;
            if (frames()) {
                refusal = Refusal.TRAILER;
            }
        } else if (!ByteClass.is(ByteClass.TOKEN, b)) {
            refusal = Refusal.TRAILER;
        } else {
            if (nameLength < NAME_BYTES) {
                name[nameLength] = b;
            }
            nameLength++;
        }
    }

    /** Whether a trailer tells what only a head may tell. */
    private boolean frames() {
        return nameLength <= NAME_BYTES
                && (ByteClass.equalsIgnoreCase(name, 0, nameLength, "content-length")
                        || ByteClass.equalsIgnoreCase(name, 0, nameLength, "transfer-encoding")
                        || ByteClass.equalsIgnoreCase(name, 0, nameLength, "host"));
    }

    private void expect(byte b, char wanted, State next, Refusal otherwise) {
        if (b == wanted) {
            state = next;
        } else {
            refusal = otherwise;
        }
    }
}
