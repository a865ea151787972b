package io.sluice.gateway.filter.jwt;

import org.jspecify.annotations.Nullable;

/**
 * Base64url as RFC 7515 demands it and nothing else: no padding, no white space, no other alphabet, no bits left over. One text for one value:
 * else a token could be changed without its signature noticing.
 */
final class Base64Url {
    private static final byte[] VALUES = new byte[128];

    static {
        java.util.Arrays.fill(VALUES, (byte) -1);
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for (int i = 0; i < alphabet.length(); i++) {
            VALUES[alphabet.charAt(i)] = (byte) i;
        }
    }

    private Base64Url() {}

    /** Null where it is not the one text of some bytes. */
    static byte @Nullable [] decode(String text) {
        return decode(text, 0, text.length());
    }

    static byte @Nullable [] decode(String text, int from, int to) {
        int length = to - from;
        int rest = length & 3;
        if (rest == 1) {
            return null;
        }
        byte[] bytes = new byte[length / 4 * 3 + (rest == 0 ? 0 : rest - 1)];
        int bits = 0;
        int held = 0;
        int at = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            int value = c < VALUES.length ? VALUES[c] : -1;
            if (value < 0) {
                return null;
            }
            held = held << 6 | value;
            bits += 6;
            if (bits >= 8) {
                bits -= 8;
                bytes[at++] = (byte) (held >> bits);
                held &= (1 << bits) - 1;
            }
        }
        return held == 0 ? bytes : null;
    }
}
