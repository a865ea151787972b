package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * The head of an HTTP/1 answer: its status, its headers, and how its body is framed. A framing that somebody else could read otherwise is no answer.
 * Lax where no framing hangs on it, as Envoy is: a line may end with a line feed alone, and a value go on in the next line. Source: Envoy
 * source/common/http/http1/codec_impl.cc, asked by rows of {@code answers.yaml}.
 */
final class Http1AnswerHead {
    private static final int WINDOW = 4096;
    private static final int LENGTH_DIGITS = 18;
    private static final FastThreadLocal<byte[]> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[WINDOW];
        }
    };

    private static final AsciiString CHUNKED = AsciiString.cached("chunked");
    private static final AsciiString CLOSE = AsciiString.cached("close");
    private static final AsciiString KEEP_ALIVE = AsciiString.cached("keep-alive");

    private final ResponseHeadersBuilder headers;
    private final int status;
    private final boolean chunked;
    private final long length;
    private final boolean keepAlive;

    private Http1AnswerHead(ResponseHeadersBuilder headers, int status, Fields fields, boolean http10) {
        this.headers = headers;
        this.status = status;
        chunked = fields.chunked;
        length = fields.length;
        keepAlive = !fields.close && (!http10 || fields.keepAlive);
    }

    /** Of which nobody else knows. */
    ResponseHeadersBuilder headers() {
        return headers;
    }

    int status() {
        return status;
    }

    boolean isInformational() {
        return status < 200 && status != 101;
    }

    boolean isChunked() {
        return chunked;
    }

    /** -1 where it does not say. */
    long length() {
        return length;
    }

    /** Whether the upstream would take another request on the connection. */
    boolean keepsAlive() {
        return keepAlive;
    }

    /**
     * @param length of the head in the next bytes, its empty line included
     * @throws Http1AnswerException where it is none
     */
    static Http1AnswerHead read(ByteBuf in, int length, int maxHeaders) throws Http1AnswerException {
        byte[] bytes = bytes(in, length);
        int line = lineEnd(bytes, 0, length);
        int end = withoutReturn(bytes, 0, line);
        int status = status(bytes, end);
        ResponseHeadersBuilder headers = ResponseHeaders.builder(HttpStatus.valueOf(status));
        Fields fields = new Fields(headers);
        fields.read(bytes, line + 1, length, maxHeaders);
        checkFraming(fields, status);
        if (status < 200 || status == 204) {
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
        }
        return new Http1AnswerHead(headers, status, fields, bytes[5] == '1' && bytes[7] == '0');
    }

    /** The same for trailers. */
    static void readTrailers(ByteBuf in, int length, int maxHeaders, HttpHeadersBuilder trailers)
            throws Http1AnswerException {
        new Fields(trailers).read(bytes(in, length), 0, length, maxHeaders);
    }

    private static byte[] bytes(ByteBuf in, int length) {
        byte[] bytes = length <= WINDOW ? SCRATCH.get() : new byte[length];
        in.readBytes(bytes, 0, length);
        return bytes;
    }

    private static int lineEnd(byte[] bytes, int from, int to) throws Http1AnswerException {
        int at = from;
        while (bytes[at] != '\n') {
            byte b = bytes[at];
            if ((b >= 0 && b < ' ' && b != '\t' && (b != '\r' || bytes[at + 1] != '\n')) || b == 0x7f) {
                throw new Http1AnswerException("a control byte in line", bytes, from, at);
            }
            at++;
            if (at == to) {
                throw new IllegalArgumentException("the end of a head is an empty line");
            }
        }
        return at;
    }

    private static int withoutReturn(byte[] bytes, int from, int lineEnd) {
        return lineEnd > from && bytes[lineEnd - 1] == '\r' ? lineEnd - 1 : lineEnd;
    }

    private static int status(byte[] bytes, int end) throws Http1AnswerException {
        boolean named = end > 9
                && bytes[0] == 'H'
                && bytes[1] == 'T'
                && bytes[2] == 'T'
                && bytes[3] == 'P'
                && bytes[4] == '/'
                && isDigit(bytes[5])
                && bytes[6] == '.'
                && isDigit(bytes[7])
                && bytes[8] == ' ';
        int at = 9;
        while (named && at < end && bytes[at] == ' ') {
            at++;
        }
        if (!named
                || end - at < 3
                || !isDigit(bytes[at])
                || !isDigit(bytes[at + 1])
                || !isDigit(bytes[at + 2])
                || bytes[at] == '0'
                || (end - at > 3 && bytes[at + 3] != ' ')) {
            throw new Http1AnswerException("no status line:", bytes, 0, end);
        }
        return (bytes[at] - '0') * 100 + (bytes[at + 1] - '0') * 10 + bytes[at + 2] - '0';
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static void checkFraming(Fields fields, int status) throws Http1AnswerException {
        if (fields.chunked && fields.length >= 0) {
            throw new Http1AnswerException("both a length and chunks");
        }
        boolean bodiless = status < 200 || status == 204;
        if (bodiless && (fields.chunked || fields.length > 0)) {
            throw new Http1AnswerException("a body after status " + status);
        }
    }

    /** Lines of the form {@code name: value}. */
    private static final class Fields {
        private final HttpHeadersBuilder out;
        private final HeaderNames names = HeaderNames.ofThisThread();
        private boolean chunked;
        private boolean close;
        private boolean keepAlive;
        private long length = -1;
        private @Nullable AsciiString name;
        private String value = "";
        private int count;

        Fields(HttpHeadersBuilder out) {
            this.out = out;
        }

        void read(byte[] bytes, int from, int to, int maxHeaders) throws Http1AnswerException {
            int at = from;
            while (at < to) {
                int line = lineEnd(bytes, at, to);
                int end = withoutReturn(bytes, at, line);
                if (end == at) {
                    break;
                }
                if (isSpace(bytes[at])) {
                    goOn(bytes, at, end);
                } else {
                    flush();
                    begin(bytes, at, end);
                    if (++count > maxHeaders) {
                        throw new Http1AnswerException("more than " + maxHeaders + " headers");
                    }
                }
                at = line + 1;
            }
            flush();
        }

        private void begin(byte[] bytes, int from, int end) throws Http1AnswerException {
            int colon = from;
            while (colon < end && bytes[colon] != ':') {
                colon++;
            }
            AsciiString read = colon == end ? null : names.name(bytes, from, colon);
            if (read == null) {
                throw new Http1AnswerException("no header:", bytes, from, end);
            }
            name = read;
            value = trimmed(bytes, colon + 1, end);
        }

        private void goOn(byte[] bytes, int from, int end) throws Http1AnswerException {
            if (name == null) {
                throw new Http1AnswerException("no header:", bytes, from, end);
            }
            value = (value + " " + trimmed(bytes, from, end)).strip();
        }

        private String trimmed(byte[] bytes, int from, int end) {
            int start = from;
            while (start < end && isSpace(bytes[start])) {
                start++;
            }
            int stop = end;
            while (stop > start && isSpace(bytes[stop - 1])) {
                stop--;
            }
            return names.value(bytes, start, stop);
        }

        private static boolean isSpace(byte b) {
            return b == ' ' || b == '\t';
        }

        private void flush() throws Http1AnswerException {
            AsciiString read = name;
            if (read == null) {
                return;
            }
            name = null;
            if (read.contentEquals(HttpHeaderNames.CONTENT_LENGTH)) {
                length();
            } else if (read.contentEquals(HttpHeaderNames.TRANSFER_ENCODING)) {
                if (chunked || !CHUNKED.contentEqualsIgnoreCase(value)) {
                    throw new Http1AnswerException("transfer-encoding: " + value);
                }
                chunked = true;
            } else if (read.contentEquals(HttpHeaderNames.CONNECTION)) {
                connection();
            }
            out.add(read, value);
        }

        private void connection() {
            if (KEEP_ALIVE.contentEqualsIgnoreCase(value)) {
                keepAlive = true;
                return;
            }
            for (String token : value.split(",", -1)) {
                String word = token.strip();
                close |= CLOSE.contentEqualsIgnoreCase(word);
                keepAlive |= KEEP_ALIVE.contentEqualsIgnoreCase(word);
            }
        }

        private void length() throws Http1AnswerException {
            if (length >= 0 || value.isEmpty() || value.length() > LENGTH_DIGITS) {
                throw new Http1AnswerException("content-length: " + value);
            }
            long sum = 0;
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                if (c < '0' || c > '9') {
                    throw new Http1AnswerException("content-length: " + value);
                }
                sum = sum * 10 + c - '0';
            }
            length = sum;
        }
    }
}
