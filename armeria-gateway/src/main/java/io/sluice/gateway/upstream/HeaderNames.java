package io.sluice.gateway.upstream;

import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Names of headers that an event loop has read, in lower case, so that the next message with one makes none; and the last value of some that tend to
 * stay the same and are nobody's secret. Not for several threads.
 */
public final class HeaderNames {
    private static final int SLOTS = 512;
    private static final int LONGEST = 64;
    private static final int LONGEST_VALUE = 128;
    private static final int NONE = -1;
    private static final boolean[] TOKEN = new boolean[128];
    private static final Set<String> STEADY = Set.of(
            "accept",
            "accept-encoding",
            "accept-language",
            "cache-control",
            "connection",
            "content-length",
            "content-type",
            "date",
            "host",
            "server",
            "te",
            "transfer-encoding",
            "user-agent",
            "vary",
            "via",
            "x-powered-by");

    static {
        for (char c = '0'; c <= 'z'; c++) {
            TOKEN[c] = Character.isLetterOrDigit(c);
        }
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
    }

    private static final FastThreadLocal<HeaderNames> NAMES = new FastThreadLocal<>() {
        @Override
        protected HeaderNames initialValue() {
            return new HeaderNames();
        }
    };

    private final @Nullable AsciiString[] known = new AsciiString[SLOTS];

    /** Of those that are steady, empty before the first. */
    private final @Nullable String[] values = new String[SLOTS];

    private int last;

    private HeaderNames() {}

    public static HeaderNames ofThisThread() {
        return NAMES.get();
    }

    /** @return null where the bytes are no token (RFC 9110 section 5.6.2) */
    public @Nullable AsciiString name(byte[] bytes, int from, int to) {
        int hash = to - from;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + lower(bytes[i]);
        }
        int slot = (hash ^ hash >>> 16) & (SLOTS - 1);
        AsciiString there = known[slot];
        if (there != null && isSame(there, bytes, from, to)) {
            last = slot;
            return there;
        }
        AsciiString read = read(bytes, from, to);
        last = NONE;
        if (read != null && read.length() <= LONGEST) {
            known[slot] = read;
            values[slot] = STEADY.contains(read.toString()) ? "" : null;
            last = slot;
        }
        return read;
    }

    /** What stands behind the name that was asked for last; a character is a byte. */
    public String value(byte[] bytes, int from, int to) {
        if (from == to) {
            return "";
        }
        String before = last == NONE ? null : values[last];
        if (before == null) {
            return text(bytes, from, to);
        }
        if (isSame(before, bytes, from, to)) {
            return before;
        }
        String value = text(bytes, from, to);
        if (value.length() <= LONGEST_VALUE) {
            values[last] = value;
        }
        return value;
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static boolean isSame(String value, byte[] bytes, int from, int to) {
        if (value.length() != to - from) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (value.charAt(i - from) != (char) (bytes[i] & 0xff)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSame(AsciiString name, byte[] bytes, int from, int to) {
        if (name.length() != to - from) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (name.byteAt(i - from) != lower(bytes[i])) {
                return false;
            }
        }
        return true;
    }

    private static @Nullable AsciiString read(byte[] bytes, int from, int to) {
        byte[] name = new byte[to - from];
        for (int i = from; i < to; i++) {
            byte b = bytes[i];
            if (b < 0 || !TOKEN[b]) {
                return null;
            }
            name[i - from] = lower(b);
        }
        return name.length == 0 ? null : new AsciiString(name, false);
    }

    private static byte lower(byte b) {
        return b >= 'A' && b <= 'Z' ? (byte) (b + ('a' - 'A')) : b;
    }
}
