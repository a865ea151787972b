package io.sluice.gateway.wire;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;
import io.sluice.gateway.upstream.HeaderNames;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The body of one HTTP/1 request in chunks, as it arrives: finds the data between what frames it, and reads the trailers behind it. Source: RFC 9112
 * section 7.1.
 */
final class Http1Chunks {
    /** More are zeros, or overflow somewhere; so may sizes beyond 31 bits. */
    private static final int SIZE_DIGITS = 15;

    private static final int LINE_BYTES = 4096;
    private static final int TRAILER_BYTES = 64;
    private static final int PIECES = 4;

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

    private final int maxTrailerBytes;

    /** Where data was found in what was read last, and how much. */
    private int[] pieces = new int[2 * PIECES];

    private int pieceCount;
    private int dataBytes;

    /** The trailer that is being read. */
    private byte[] trailer = new byte[0];

    private int trailerLength;
    private @Nullable HttpHeadersBuilder read;
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
        read = null;
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

    /** Behind the data; empty where there were none. */
    HttpHeaders trailers() {
        return read == null ? HttpHeaders.of() : read.build();
    }

    /** How much data was found in what was read last. */
    int dataBytes() {
        return dataBytes;
    }

    /** The same data as one buffer, which is the caller's to release. @param in what was read, its reader index moved or not */
    ByteBuf data(ByteBuf in) {
        if (pieceCount == 1) {
            return in.retainedSlice(pieces[0], dataBytes);
        }
        ByteBuf data = in.alloc().buffer(dataBytes);
        for (int i = 0; i < 2 * pieceCount; i += 2) {
            data.writeBytes(in, pieces[i], pieces[i + 1]);
        }
        return data;
    }

    /** @return where it stopped: at {@code to}, behind the end, or at the byte that is wrong */
    int read(ByteBuf in, int from, int to) {
        pieceCount = 0;
        dataBytes = 0;
        int at = from;
        while (at < to && state != State.DONE) {
            if (state == State.DATA) {
                int found = (int) Math.min(left, to - at);
                found(at, found);
                left -= found;
                at += found;
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

    private void found(int at, int length) {
        if (2 * pieceCount == pieces.length) {
            pieces = Arrays.copyOf(pieces, 2 * pieces.length);
        }
        pieces[2 * pieceCount] = at;
        pieces[2 * pieceCount + 1] = length;
        pieceCount++;
        dataBytes += length;
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
                trailerLength = 0;
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
                } else if (ByteClass.is(ByteClass.VALUE, b)) {
                    keep(b);
                } else {
                    refusal = Refusal.TRAILER;
                }
            }
            case TRAILER_LF -> {
                expect(b, '\n', State.TRAILER_START, Refusal.TRAILER);
                trailerEnds();
            }
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
            keep(b);
            nameLength++;
        }
    }

    /** Whether a trailer tells what only a head may tell. */
    private boolean frames() {
        return ByteClass.equalsIgnoreCase(trailer, 0, nameLength, "content-length")
                || ByteClass.equalsIgnoreCase(trailer, 0, nameLength, "transfer-encoding")
                || ByteClass.equalsIgnoreCase(trailer, 0, nameLength, "host");
    }

    private void keep(byte b) {
        if (trailerLength == trailer.length) {
            trailer = Arrays.copyOf(trailer, Math.max(TRAILER_BYTES, 2 * trailerLength));
        }
        trailer[trailerLength++] = b;
    }

    private void trailerEnds() {
        AsciiString name = HeaderNames.ofThisThread().name(trailer, 0, nameLength);
        if (name == null) {
            throw new IllegalStateException("a trailer without a name");
        }
        if (read == null) {
            read = HttpHeaders.builder();
        }
        int from = nameLength;
        int to = trailerLength;
        while (from < to && isSpace(trailer[from])) {
            from++;
        }
        while (to > from && isSpace(trailer[to - 1])) {
            to--;
        }
        read.add(name, new String(trailer, from, to - from, StandardCharsets.ISO_8859_1));
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t';
    }

    private void expect(byte b, char wanted, State next, Refusal otherwise) {
        if (b == wanted) {
            state = next;
        } else {
            refusal = otherwise;
        }
    }
}
