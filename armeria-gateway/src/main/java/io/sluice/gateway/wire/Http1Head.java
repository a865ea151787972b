package io.sluice.gateway.wire;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;
import io.sluice.gateway.upstream.HeaderNames;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The head of one HTTP/1 request, line by line as it arrives. Says where it ends, what it asks for and how its body is framed, or why it is not let
 * in: because it is no HTTP/1.1, or because another program might read it otherwise. Every byte is looked at once, however small the pieces are in
 * which they come. Of one event loop, on which it is made.
 */
final class Http1Head {
    /** What {@link #read} returns while the end has not come. */
    static final int INCOMPLETE = -1;

    /** Larger than nearly every head, so that one copy shows all of it. */
    private static final int WINDOW = 4096;

    /** Longer lengths may be another number to a program that counts in 64 bits with a sign. */
    private static final int LENGTH_DIGITS = 18;

    private static final FastThreadLocal<byte[]> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[WINDOW];
        }
    };

    /** As Envoy answers a method that it does not know. */
    private static final String UNKNOWN_METHOD = Refusal.REQUEST_LINE.mark();

    private static final String ROOT = "/";

    private final HeaderNames names = HeaderNames.ofThisThread();
    private int lineStart;
    private int scanned;
    private boolean requestLineSeen;
    private boolean hostSeen;
    private boolean http10;
    private boolean chunked;
    private boolean expectsContinue;
    private boolean connect;
    private boolean unknownMethod;
    private boolean upgradeSeen;
    private boolean upgrade;
    private boolean saysUpgrade;
    private boolean saysClose;
    private boolean saysKeepAlive;
    private long length = -1;
    private String target = "";
    private @Nullable RequestHeadersBuilder headers;
    private @Nullable Refusal refusal;

    void reset() {
        lineStart = 0;
        scanned = 0;
        requestLineSeen = false;
        hostSeen = false;
        http10 = false;
        chunked = false;
        expectsContinue = false;
        connect = false;
        unknownMethod = false;
        upgradeSeen = false;
        upgrade = false;
        saysUpgrade = false;
        saysClose = false;
        saysKeepAlive = false;
        length = -1;
        target = "";
        headers = null;
        refusal = null;
    }

    /**
     * What was read, once the end has come.
     *
     * @param absoluteTargets whether a target may name its host
     */
    Http1Request request(boolean absoluteTargets) {
        RequestHeadersBuilder asked = headers();
        boolean bare = !chunked && length <= 0;
        boolean keepAlive = !saysClose && (!http10 || saysKeepAlive);
        if (unknownMethod) {
            RequestHeadersBuilder refused = Http1Request.begin(asked.get(HttpHeaderNames.METHOD, ""));
            refused.path(ROOT).set(WireMarks.REFUSAL, UNKNOWN_METHOD);
            return new Http1Request(refused, bare, keepAlive, http10, false);
        }
        if (connect) {
            asked.path(target).set(WireMarks.REFUSAL, WireMarks.NO_TUNNEL);
            return new Http1Request(asked, true, false, http10, false);
        }
        boolean absolute = !target.startsWith(ROOT) && !target.equals("*");
        if (absolute && absoluteTargets) {
            absolute = false;
            splitAbsolute(asked);
        } else {
            asked.path(target);
        }
        if (!asked.contains(HttpHeaderNames.AUTHORITY)) {
            asked.set(WireMarks.REFUSAL, WireMarks.MISSING_HOST);
        } else if (absolute) {
            asked.set(WireMarks.REFUSAL, WireMarks.ABSOLUTE_TARGET);
        }
        boolean upgrades = upgrade && saysUpgrade && !http10;
        if (upgradeSeen && !upgrades) {
            asked.remove(HttpHeaderNames.UPGRADE);
        }
        return new Http1Request(asked, bare, keepAlive, http10, upgrades);
    }

    /** {@code http://host/path}: the host goes where hosts belong. */
    private void splitAbsolute(RequestHeadersBuilder asked) {
        int host = target.indexOf("://") + 3;
        int end = host;
        while (end < target.length() && "/?#".indexOf(target.charAt(end)) < 0) {
            end++;
        }
        asked.authority(target.substring(host, end));
        String path = target.substring(end);
        asked.path(path.startsWith(ROOT) ? path : ROOT + path);
    }

    private RequestHeadersBuilder headers() {
        RequestHeadersBuilder read = headers;
        if (read == null) {
            throw new IllegalStateException("no request line");
        }
        return read;
    }

    /** Null as long as nothing is wrong. */
    @Nullable
    Refusal refusal() {
        return refusal;
    }

    boolean isHttp10() {
        return http10;
    }

    boolean isChunked() {
        return chunked;
    }

    boolean isConnect() {
        return connect;
    }

    /** Whether the caller waits for 100 before it sends the body. */
    boolean expectsContinue() {
        return expectsContinue;
    }

    /** Of the body; 0 where there is none, or chunks. */
    long length() {
        return Math.max(length, 0);
    }

    /**
     * Goes on where the last call stopped.
     *
     * @param from where the head begins, with every byte of it that has come since
     * @return how many bytes it has, or {@link #INCOMPLETE}; meaningless once there is a refusal
     */
    int read(ByteBuf in, int from) {
        int available = in.writerIndex() - from;
        int window = scanned - lineStart + WINDOW;
        while (scanned < available) {
            int to = Math.min(available, lineStart + window);
            if (in.indexOf(from + to, from + scanned, (byte) '\n') < 0) {
                scanned = to;
                window = Integer.MAX_VALUE - lineStart; // a long line: it is copied when its end has come
                continue;
            }
            byte[] bytes = scratch(to - lineStart);
            in.getBytes(from + lineStart, bytes, 0, to - lineStart);
            int end = lines(bytes, to - lineStart);
            if (end != INCOMPLETE || refusal != null) {
                return end;
            }
            window = WINDOW;
        }
        return INCOMPLETE;
    }

    private static byte[] scratch(int length) {
        return length <= WINDOW ? SCRATCH.get() : new byte[length];
    }

    private int lines(byte[] bytes, int length) {
        int start = 0;
        for (int i = Math.max(0, scanned - lineStart); i < length; i++) {
            if (bytes[i] != '\n') {
                continue;
            }
            if (i == start || bytes[i - 1] != '\r') {
                return refuse(Refusal.LINE_END);
            }
            int end = i - 1;
            if (end == start && requestLineSeen) {
                checkFraming();
                return lineStart + i + 1;
            }
            if (requestLineSeen) {
                header(bytes, start, end);
            } else if (end > start || lineStart + start > 0) { // one empty line may stand before a request
                requestLine(bytes, start, end);
                requestLineSeen = true;
            }
            if (refusal != null) {
                return INCOMPLETE;
            }
            start = i + 1;
        }
        scanned = lineStart + length;
        lineStart += start;
        return INCOMPLETE;
    }

    private int refuse(Refusal why) {
        refusal = why;
        return INCOMPLETE;
    }

    // --- the request line

    private void requestLine(byte[] bytes, int start, int end) {
        int method = ByteClass.end(ByteClass.TOKEN, bytes, start, end);
        int target = method + 1;
        int targetEnd = ByteClass.end(ByteClass.TARGET, bytes, Math.min(target, end), end);
        if (method == start || method == end || bytes[method] != ' ' || targetEnd == target) {
            refuse(Refusal.REQUEST_LINE);
            return;
        }
        if (targetEnd == end || (targetEnd + 1 == end && bytes[targetEnd] == ' ')) {
            refuse(Refusal.VERSION); // HTTP/0.9
            return;
        }
        if (bytes[targetEnd] != ' ') {
            refuse(isControl(bytes[targetEnd]) ? Refusal.HEADER_BYTE : Refusal.REQUEST_LINE);
            return;
        }
        version(bytes, targetEnd + 1, end);
        connect = method - start == 7 && ByteClass.equalsIgnoreCase(bytes, start, method, "connect");
        if (refusal == null) {
            target(bytes, target, targetEnd, method - start == 7 && bytes[start] == 'O');
        }
        String name = Http1Methods.name(bytes, start, method);
        unknownMethod = name == null;
        headers = Http1Request.begin(name == null ? text(bytes, start, method) : name);
        this.target = text(bytes, target, targetEnd);
    }

    private static String text(byte[] bytes, int from, int to) {
        return from == to ? "" : new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static boolean isControl(byte b) {
        return b == 0x7f || (b >= 0 && b < ' ' && b != '\t' && b != '\r' && b != '\n');
    }

    private void version(byte[] bytes, int start, int end) {
        boolean named = end - start == 8
                && bytes[start] == 'H'
                && bytes[start + 1] == 'T'
                && bytes[start + 2] == 'T'
                && bytes[start + 3] == 'P'
                && bytes[start + 4] == '/'
                && isDigit(bytes[start + 5])
                && bytes[start + 6] == '.'
                && isDigit(bytes[start + 7]);
        if (!named) {
            refuse(Refusal.REQUEST_LINE);
        } else if (bytes[start + 5] != '1' || bytes[start + 7] > '1') {
            refuse(Refusal.VERSION);
        } else {
            http10 = bytes[start + 7] == '0';
        }
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private void target(byte[] bytes, int start, int end, boolean options) {
        if (connect) {
            if (!Authority.isOne(bytes, start, end)) {
                refuse(Refusal.TARGET);
            }
        } else if (bytes[start] != '/' && !(options && end - start == 1 && bytes[start] == '*')) {
            absolute(bytes, start, end);
        }
    }

    private void absolute(byte[] bytes, int start, int end) {
        int scheme = start;
        while (scheme < end && bytes[scheme] != ':') {
            scheme++;
        }
        if (end - scheme < 3 || bytes[scheme + 1] != '/' || bytes[scheme + 2] != '/') {
            refuse(bytes[start] == '*' ? Refusal.TARGET : Refusal.REQUEST_LINE);
            return;
        }
        if (!ByteClass.equalsIgnoreCase(bytes, start, scheme, "http")
                && !ByteClass.equalsIgnoreCase(bytes, start, scheme, "https")) {
            refuse(Refusal.SCHEME);
            return;
        }
        int host = scheme + 3;
        int hostEnd = host;
        while (hostEnd < end && bytes[hostEnd] != '/' && bytes[hostEnd] != '?' && bytes[hostEnd] != '#') {
            hostEnd++;
        }
        if (!Authority.isOne(bytes, host, hostEnd)) {
            refuse(Refusal.TARGET);
        }
    }

    // --- headers

    private void header(byte[] bytes, int start, int end) {
        if (bytes[start] == ' ' || bytes[start] == '\t') {
            refuse(Refusal.FOLDED_HEADER);
            return;
        }
        int colon = ByteClass.end(ByteClass.TOKEN, bytes, start, end);
        if (colon == start || colon == end || bytes[colon] != ':') {
            refuse(Refusal.HEADER_LINE);
            return;
        }
        int value = colon + 1;
        if (ByteClass.end(ByteClass.VALUE, bytes, value, end) != end) {
            refuse(Refusal.HEADER_BYTE);
            return;
        }
        while (value < end && isSpace(bytes[value])) {
            value++;
        }
        int valueEnd = end;
        while (valueEnd > value && isSpace(bytes[valueEnd - 1])) {
            valueEnd--;
        }
        AsciiString name = names.name(bytes, start, colon);
        if (name == null) {
            throw new IllegalStateException("no name: " + text(bytes, start, colon));
        }
        if (known(bytes, start, colon, value, valueEnd)) {
            headers().add(name, names.value(bytes, value, valueEnd));
        }
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t';
    }

    /** @return whether it is a header to those behind us as well */
    private boolean known(byte[] bytes, int name, int nameEnd, int value, int end) {
        switch (nameEnd - name) {
            case 4 -> {
                if (ByteClass.equalsIgnoreCase(bytes, name, nameEnd, "host")) {
                    host(bytes, value, end);
                    return false;
                }
            }
            case 6 -> {
                if (ByteClass.equalsIgnoreCase(bytes, name, nameEnd, "expect")) {
                    expectsContinue = ByteClass.equalsIgnoreCase(bytes, value, end, "100-continue");
                }
            }
            case 7 -> {
                if (ByteClass.equalsIgnoreCase(bytes, name, nameEnd, "upgrade") && !upgradeSeen) {
                    upgradeSeen = true;
                    upgrade = !ByteClass.equalsIgnoreCase(bytes, value, end, "h2c"); // in which no Envoy takes part
                }
            }
            case 10 -> {
                if (ByteClass.equalsIgnoreCase(bytes, name, nameEnd, "connection")) {
                    connection(bytes, value, end);
                }
            }
            case 14 -> {
                if (ByteClass.equalsIgnoreCase(bytes, name, nameEnd, "content-length")) {
                    contentLength(bytes, value, end);
                } else if (ByteClass.equalsIgnoreCase(bytes, name, nameEnd, "content_length")) {
                    refuse(Refusal.FRAMING_TWIN);
                } else if (ByteClass.equalsIgnoreCase(bytes, name, nameEnd, "http2-settings")) {
                    return false;
                }
            }
            case 17 -> {
                if (ByteClass.equalsIgnoreCase(bytes, name, nameEnd, "transfer-encoding")) {
                    transferEncoding(bytes, value, end);
                } else if (ByteClass.equalsIgnoreCase(bytes, name, nameEnd, "transfer_encoding")) {
                    refuse(Refusal.FRAMING_TWIN);
                }
            }
            default -> {
                return nameEnd - name != WireMarks.REFUSAL.length()
                        || !ByteClass.equalsIgnoreCase(bytes, name, nameEnd, WireMarks.REFUSAL.toString());
            }
        }
        return true;
    }

    private void host(byte[] bytes, int value, int end) {
        if (hostSeen) {
            refuse(Refusal.DUPLICATE_HOST);
        } else if (!Authority.isOne(bytes, value, end)) {
            refuse(Refusal.HOST);
        } else {
            headers().authority(names.value(bytes, value, end));
        }
        hostSeen = true;
    }

    /** A header named here goes no further than us; a request must not lose its Host that way, or what proxies before us said. */
    private void connection(byte[] bytes, int value, int end) {
        int at = value;
        while (at < end) {
            int tokenEnd = at;
            while (tokenEnd < end && bytes[tokenEnd] != ',') {
                tokenEnd++;
            }
            int from = at;
            int to = tokenEnd;
            while (from < to && isSpace(bytes[from])) {
                from++;
            }
            while (to > from && isSpace(bytes[to - 1])) {
                to--;
            }
            if (mustStay(bytes, from, to)) {
                refuse(Refusal.CONNECTION);
                return;
            }
            saysUpgrade |= ByteClass.equalsIgnoreCase(bytes, from, to, "upgrade");
            saysClose |= ByteClass.equalsIgnoreCase(bytes, from, to, "close");
            saysKeepAlive |= ByteClass.equalsIgnoreCase(bytes, from, to, "keep-alive");
            at = tokenEnd + 1;
        }
    }

    private static boolean mustStay(byte[] bytes, int from, int to) {
        return (from < to && bytes[from] == ':')
                || ByteClass.equalsIgnoreCase(bytes, from, to, "host")
                || ByteClass.equalsIgnoreCase(bytes, from, to, "x-forwarded-for")
                || ByteClass.equalsIgnoreCase(bytes, from, to, "x-forwarded-host")
                || ByteClass.equalsIgnoreCase(bytes, from, to, "x-forwarded-proto");
    }

    private void contentLength(byte[] bytes, int value, int end) {
        int digits = end - value;
        if (length >= 0 || digits == 0 || digits > LENGTH_DIGITS || (digits > 1 && bytes[value] == '0')) {
            refuse(Refusal.CONTENT_LENGTH);
            return;
        }
        long sum = 0;
        for (int i = value; i < end; i++) {
            if (!isDigit(bytes[i])) {
                refuse(Refusal.CONTENT_LENGTH);
                return;
            }
            sum = sum * 10 + bytes[i] - '0';
        }
        length = sum;
    }

    private void transferEncoding(byte[] bytes, int value, int end) {
        if (chunked || !ByteClass.equalsIgnoreCase(bytes, value, end, "chunked")) {
            refuse(Refusal.TRANSFER_ENCODING);
        }
        chunked = true;
    }

    private void checkFraming() {
        if (chunked && (length >= 0 || http10)) {
            refuse(Refusal.LENGTH_BESIDE_CHUNKS);
        } else if (connect && chunked) {
            refuse(Refusal.TRANSFER_ENCODING);
        } else if (connect && length > 0) {
            refuse(Refusal.BODY_OF_CONNECT);
        }
    }
}
