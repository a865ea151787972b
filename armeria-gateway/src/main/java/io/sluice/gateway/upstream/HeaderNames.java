package io.sluice.gateway.upstream;

import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/** Names of headers that an event loop has read, in lower case, so that the next answer with one makes none. Not for several threads. */
final class HeaderNames {
    private static final int SLOTS = 512;
    private static final int LONGEST = 64;
    private static final boolean[] TOKEN = new boolean[128];

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

    private HeaderNames() {}

    static HeaderNames ofThisThread() {
        return NAMES.get();
    }

    /** @return null where the bytes are no token (RFC 9110 section 5.6.2) */
    @Nullable
    AsciiString name(byte[] bytes, int from, int to) {
        int hash = to - from;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + lower(bytes[i]);
        }
        int slot = (hash ^ hash >>> 16) & (SLOTS - 1);
        AsciiString there = known[slot];
        if (there != null && isSame(there, bytes, from, to)) {
            return there;
        }
        AsciiString read = read(bytes, from, to);
        if (read != null && read.length() <= LONGEST) {
            known[slot] = read;
        }
        return read;
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
