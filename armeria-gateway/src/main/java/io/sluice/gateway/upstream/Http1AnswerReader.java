package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Takes what arrives on an HTTP/1 connection apart, one answer at a time: its head once it is whole, its body in the buffers in which it came. What
 * stands behind an answer is nobody's: it is left unread, and the connection of no more use.
 */
final class Http1AnswerReader {
    private static final int CHUNK_LINE_BYTES = 32 * 1024;
    private static final long LARGEST_TO_SHIFT = 1L << 59;

    private enum State {
        HEAD,
        LENGTH,
        UNTIL_CLOSE,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILERS,
        TUNNEL,
        OVER
    }

    /** What the parts are for. Any call may end the reading by {@link #stop}. */
    interface Parts {
        /** What follows is told by {@link #onData} and {@link #onEnd}, but for an informational one. */
        void onHead(Http1AnswerHead head);

        /** Whoever is told owns the bytes. */
        void onData(ByteBuf bytes, boolean end);

        /** Where the last bytes were not said to be the end. */
        void onEnd(HttpHeaders trailers);
    }

    private final Parts parts;
    private final int maxHeadBytes;
    private final int maxHeaders;
    private State state = State.OVER;
    private boolean bodiless;
    private long left;
    private int scanned;
    private @Nullable ByteBuf held;
    private @Nullable ByteBuf reading;

    Http1AnswerReader(Parts parts, int maxHeadBytes, int maxHeaders) {
        this.parts = parts;
        this.maxHeadBytes = maxHeadBytes;
        this.maxHeaders = maxHeaders;
    }

    /** An answer is waited for. */
    void begin() {
        state = State.HEAD;
        bodiless = false;
        scanned = 0;
    }

    /** The answer has no body, whatever it says: it is one to HEAD. */
    void expectNoBody() {
        bodiless = true;
    }

    /** Nothing more is told. */
    void stop() {
        state = State.OVER;
    }

    /** Whether all of an answer has been told, or nothing is to be told. */
    boolean isOver() {
        return state == State.OVER;
    }

    /** Whether the connection's end is the answer's. */
    boolean endsWithConnection() {
        return state == State.UNTIL_CLOSE;
    }

    /** Whether bytes have come that belong to no answer so far. */
    boolean hasMore() {
        return reading != null && reading.isReadable();
    }

    /** Frees what is kept. */
    void close() {
        stop();
        if (held != null) {
            held.release();
            held = null;
        }
    }

    /**
     * @param in is released
     * @throws Http1AnswerException where it is no answer; {@link #stop} is called then
     */
    void read(ByteBuf in) throws Http1AnswerException {
        ByteBuf bytes = in;
        if (held != null) {
            bytes = held.writeBytes(in);
            held = null;
            in.release();
        }
        reading = bytes;
        try {
            while (bytes.isReadable() && step(bytes)) {}
            if (state != State.OVER && bytes.isReadable()) {
                held = bytes.alloc().buffer(bytes.readableBytes() * 2).writeBytes(bytes);
            }
        } catch (Http1AnswerException e) {
            stop();
            throw e;
        } finally {
            reading = null;
            bytes.release();
        }
    }

    /** @return whether it got any further */
    private boolean step(ByteBuf in) throws Http1AnswerException {
        return switch (state) {
            case HEAD -> head(in);
            case LENGTH -> length(in);
            case UNTIL_CLOSE, TUNNEL -> {
                parts.onData(in.readRetainedSlice(in.readableBytes()), false);
                yield true;
            }
            case CHUNK_SIZE -> chunkSize(in);
            case CHUNK -> chunk(in);
            case CHUNK_END -> chunkEnd(in);
            case TRAILERS -> trailers(in);
            case OVER -> false;
        };
    }

    // --- the head

    private boolean head(ByteBuf in) throws Http1AnswerException {
        int length = blockLength(in);
        if (length == 0) {
            return false;
        }
        Http1AnswerHead head = Http1AnswerHead.read(in, length, maxHeaders);
        if (head.isInformational()) {
            parts.onHead(head);
            return true;
        }
        left = Math.max(0, head.length());
        if (head.status() == 101) {
            state = State.TUNNEL;
            parts.onHead(head);
        } else if (bodiless || head.status() == 204 || head.status() == 304 || head.length() == 0) {
            state = State.OVER;
            parts.onHead(head);
        } else {
            state = head.isChunked() ? State.CHUNK_SIZE : head.length() > 0 ? State.LENGTH : State.UNTIL_CLOSE;
            parts.onHead(head);
        }
        return true;
    }

    /** @return of the lines up to an empty one, with it; 0 as long as that has not come */
    private int blockLength(ByteBuf in) throws Http1AnswerException {
        int start = in.readerIndex();
        int end = in.writerIndex();
        int at = start + scanned;
        while (true) {
            int line = in.indexOf(at, end, (byte) '\n');
            if (line < 0) {
                scanned = end - start;
                break;
            }
            boolean returned = line + 1 < end && in.getByte(line + 1) == '\r';
            int next = returned ? line + 2 : line + 1;
            if (next >= end) {
                scanned = line - start; // what follows it has not come
                break;
            }
            if (in.getByte(next) == '\n') {
                scanned = 0;
                return within(next + 1 - start);
            }
            at = line + 1;
        }
        within(end - start);
        return 0;
    }

    private int within(int bytes) throws Http1AnswerException {
        if (bytes > maxHeadBytes) {
            throw new Http1AnswerException("headers of more than " + maxHeadBytes + " bytes");
        }
        return bytes;
    }

    // --- the body

    private boolean length(ByteBuf in) {
        int bytes = (int) Math.min(left, in.readableBytes());
        left -= bytes;
        boolean end = left == 0;
        if (end) {
            state = State.OVER;
        }
        parts.onData(in.readRetainedSlice(bytes), end);
        return true;
    }

    private boolean chunkSize(ByteBuf in) throws Http1AnswerException {
        int end = in.indexOf(in.readerIndex(), in.writerIndex(), (byte) '\n');
        if ((end < 0 ? in.readableBytes() : end - in.readerIndex()) > CHUNK_LINE_BYTES) {
            throw new Http1AnswerException("a chunk's size of more than " + CHUNK_LINE_BYTES + " bytes");
        }
        if (end < 0) {
            sizeSoFar(in, in.writerIndex());
            return false;
        }
        left = sizeSoFar(in, end);
        if (left < 0 || in.getByte(end - 1) != '\r') {
            throw new Http1AnswerException("no size of a chunk");
        }
        in.readerIndex(end + 1);
        state = left == 0 ? State.TRAILERS : State.CHUNK;
        return true;
    }

    /** @return -1 where no digit has come */
    private static long sizeSoFar(ByteBuf in, int end) throws Http1AnswerException {
        long size = -1;
        int start = in.readerIndex();
        for (int i = start; i < end; i++) {
            int digit = Character.digit(in.getByte(i), 16);
            if (digit < 0) {
                boolean ended = i > start
                        && (in.getByte(i) == ';'
                                || in.getByte(i) == ' '
                                || in.getByte(i) == '\t'
                                || in.getByte(i) == '\r');
                if (!ended) {
                    throw new Http1AnswerException("no size of a chunk");
                }
                break;
            }
            if (size >= LARGEST_TO_SHIFT) {
                throw new Http1AnswerException("a chunk's size beyond 64 bits");
            }
            size = Math.max(size, 0) << 4 | digit;
        }
        return size;
    }

    private boolean chunk(ByteBuf in) {
        int bytes = (int) Math.min(left, in.readableBytes());
        left -= bytes;
        if (left == 0) {
            state = State.CHUNK_END;
        }
        parts.onData(in.readRetainedSlice(bytes), false);
        return true;
    }

    private boolean chunkEnd(ByteBuf in) throws Http1AnswerException {
        if (in.getByte(in.readerIndex()) != '\r') {
            throw new Http1AnswerException("a chunk longer than its size");
        }
        if (in.readableBytes() < 2) {
            return false;
        }
        if (in.getByte(in.readerIndex() + 1) != '\n') {
            throw new Http1AnswerException("a chunk longer than its size");
        }
        in.skipBytes(2);
        state = State.CHUNK_SIZE;
        return true;
    }

    private boolean trailers(ByteBuf in) throws Http1AnswerException {
        byte first = in.getByte(in.readerIndex());
        int length;
        if (first == '\r' || first == '\n') {
            length = first == '\n' ? 1 : 2;
            if (in.readableBytes() < length) {
                return false;
            }
            if (in.getByte(in.readerIndex() + length - 1) != '\n') {
                throw new Http1AnswerException("no end of the trailers");
            }
            in.skipBytes(length);
            state = State.OVER;
            parts.onEnd(HttpHeaders.of());
            return true;
        }
        length = blockLength(in);
        if (length == 0) {
            return false;
        }
        HttpHeadersBuilder trailers = HttpHeaders.builder();
        Http1AnswerHead.readTrailers(in, length, maxHeaders, trailers);
        state = State.OVER;
        parts.onEnd(trailers.build());
        return true;
    }
}
