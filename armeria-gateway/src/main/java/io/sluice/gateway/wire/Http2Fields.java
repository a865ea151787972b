package io.sluice.gateway.wire;

import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A header block of a caller, checked field by field as it is decoded. Source: RFC 9113 section 8.2 and 8.3. */
final class Http2Fields extends DefaultHttp2Headers {
    private static final AsciiString METHOD = AsciiString.cached(":method");
    private static final AsciiString SCHEME = AsciiString.cached(":scheme");
    private static final AsciiString PATH = AsciiString.cached(":path");
    private static final AsciiString AUTHORITY = AsciiString.cached(":authority");
    private static final AsciiString HOST = AsciiString.cached("host");
    private static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length");
    private static final AsciiString COOKIE = AsciiString.cached("cookie");
    private static final int LENGTH_DIGITS = 18;

    private transient RequestHeadersBuilder read = RequestHeaders.builder();
    /** From the second one on: a caller may send each of them by itself. Source: RFC 9113 section 8.2.3. */
    private transient @Nullable StringBuilder cookies;

    private @Nullable String wrong;
    private boolean regularSeen;
    private boolean pseudoSeen;

    Http2Fields() {
        super(false, false, 2);
    }

    /** Forgets the block before. */
    void begin() {
        read = RequestHeaders.builder();
        cookies = null;
        wrong = null;
        regularSeen = false;
        pseudoSeen = false;
    }

    /** What was right of the block; whose they are from now on who asks. */
    RequestHeadersBuilder read() {
        if (cookies != null) {
            read.set(COOKIE, cookies.toString());
        }
        return read;
    }

    @Override
    public Http2Headers add(CharSequence name, CharSequence value) {
        if (wrong == null) {
            wrong = check(name, value);
            if (wrong == null) {
                put(name, value);
            }
        }
        return this;
    }

    private void put(CharSequence name, CharSequence value) {
        String before = COOKIE.contentEquals(name) ? read.get(COOKIE) : null;
        if (before == null) {
            read.add(name, value.toString());
            return;
        }
        if (cookies == null) {
            cookies = new StringBuilder(before);
        }
        cookies.append("; ").append(value);
    }

    // --- field by field

    private @Nullable String check(CharSequence name, CharSequence value) {
        if (name.length() == 0) {
            return "a field without a name";
        }
        for (int i = 0; i < value.length(); i++) {
            if (!ByteClass.is(ByteClass.VALUE, (byte) value.charAt(i))) {
                return "a control byte in a value";
            }
        }
        if (value.length() > 0 && (isSpace(value.charAt(0)) || isSpace(value.charAt(value.length() - 1)))) {
            return "a space round a value";
        }
        if (name.charAt(0) == ':') {
            return pseudo(name);
        }
        regularSeen = true;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if ((c >= 'A' && c <= 'Z') || !ByteClass.is(ByteClass.TOKEN, (byte) c)) {
                return "a byte that no name has";
            }
        }
        return regular(name, value);
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }

    private @Nullable String pseudo(CharSequence name) {
        pseudoSeen = true;
        if (regularSeen) {
            return "a pseudo header behind a field";
        }
        boolean known = METHOD.contentEquals(name)
                || SCHEME.contentEquals(name)
                || PATH.contentEquals(name)
                || AUTHORITY.contentEquals(name); // :protocol is not offered
        return known && !read.contains(name) ? null : "a pseudo header that is unknown or there twice";
    }

    private @Nullable String regular(CharSequence name, CharSequence value) {
        boolean wrongHere = switch (name.length()) {
            case 2 -> is(name, "te") && !AsciiString.contentEqualsIgnoreCase("trailers", value);
            case 4 -> is(name, "host") && read.contains(name);
            case 7 -> is(name, "upgrade");
            case 10 -> is(name, "connection") || is(name, "keep-alive");
            case 14 -> is(name, "content-length") && !isLength(name, value);
            case 16 -> is(name, "proxy-connection");
            case 17 -> is(name, "transfer-encoding");
            default -> false;
        };
        return wrongHere ? "a field of HTTP/1's connections, or one that cannot be: " + name : null;
    }

    private static boolean is(CharSequence name, String wanted) {
        return AsciiString.contentEquals(wanted, name);
    }

    private boolean isLength(CharSequence name, CharSequence value) {
        int digits = value.length();
        for (int i = 0; i < digits; i++) {
            if (value.charAt(i) < '0' || value.charAt(i) > '9') {
                return false;
            }
        }
        return digits > 0 && digits <= LENGTH_DIGITS && !read.contains(name);
    }

    // --- as a whole

    /** What is wrong with the block as that of a request; null where nothing is. */
    @Nullable
    String wrongForRequest() {
        if (wrong != null) {
            return wrong;
        }
        CharSequence method = read.get(METHOD);
        if (method == null || !isToken(method)) {
            return "no method";
        }
        CharSequence path = read.get(PATH);
        CharSequence authority = read.get(AUTHORITY);
        if (is(method, "CONNECT")) {
            return path == null && read.get(SCHEME) == null && authority != null && isAuthority(authority)
                    ? null
                    : "a CONNECT that is none";
        }
        if (path == null || path.length() == 0 || read.get(SCHEME) == null) {
            return "no path or scheme";
        }
        if (authority != null && !isAuthority(authority)) {
            return "an authority that is none";
        }
        CharSequence host = read.get(HOST);
        if (host == null) {
            return null;
        }
        boolean same = authority == null ? isAuthority(host) : AsciiString.contentEqualsIgnoreCase(authority, host);
        return same ? null : "a host unlike the authority";
    }

    /** As {@link #wrongForRequest}, of trailers. */
    @Nullable
    String wrongForTrailers() {
        if (wrong != null) {
            return wrong;
        }
        return pseudoSeen || read.contains(CONTENT_LENGTH) || read.contains(HOST)
                ? "trailers that frame or route"
                : null;
    }

    private static boolean isToken(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            if (!ByteClass.is(ByteClass.TOKEN, (byte) text.charAt(i))) {
                return false;
            }
        }
        return text.length() > 0;
    }

    private static boolean isAuthority(CharSequence text) {
        byte[] bytes = new byte[text.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) text.charAt(i);
        }
        return Authority.isOne(bytes, 0, bytes.length);
    }

    // --- as Netty's decoder asks

    @Override
    public @Nullable CharSequence get(CharSequence name) {
        return read.get(name);
    }

    @Override
    public List<CharSequence> getAll(CharSequence name) {
        return read.contains(name) ? List.copyOf(read.getAll(name)) : List.of();
    }

    @Override
    public boolean contains(CharSequence name) {
        return read.contains(name);
    }

    @Override
    public int size() {
        return read.size();
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
