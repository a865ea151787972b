package io.sluice.gateway.wire;

import java.nio.charset.StandardCharsets;

/** Which bytes may stand where. Source: RFC 9110 section 5.6.2, RFC 9112 section 3, RFC 3986. */
final class ByteClass {
    /** Of a method or a header's name. */
    static final int TOKEN = 1;

    /** Of a header's value: visible, space, tab and what is above 127. */
    static final int VALUE = 2;

    /** Of a request target: visible ASCII. */
    static final int TARGET = 4;

    /** Of a registered name or an IPv4 address; no comma, which joins two hosts. */
    static final int HOST = 8;

    private static final byte[] CLASSES = new byte[256];

    static {
        for (int c = 0; c < CLASSES.length; c++) {
            boolean letterOrDigit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (letterOrDigit) {
                CLASSES[c] |= TOKEN | HOST;
            }
            if (c > ' ' && c < 0x7f) {
                CLASSES[c] |= TARGET;
            }
            if (c == '\t' || (c >= ' ' && c != 0x7f)) {
                CLASSES[c] |= VALUE;
            }
        }
        for (byte c : "!#$%&'*+-.^_`|~".getBytes(StandardCharsets.ISO_8859_1)) {
            CLASSES[c] |= TOKEN;
        }
        for (byte c : "-._~!$&'()*+;=%".getBytes(StandardCharsets.ISO_8859_1)) {
            CLASSES[c] |= HOST;
        }
    }

    private ByteClass() {}

    static boolean is(int wanted, byte b) {
        return (CLASSES[b & 0xff] & wanted) != 0;
    }

    /** Where the first byte of another class stands. */
    static int end(int wanted, byte[] bytes, int from, int to) {
        int at = from;
        while (at < to && (CLASSES[bytes[at] & 0xff] & wanted) != 0) {
            at++;
        }
        return at;
    }

    /** @param lower in lower case */
    static boolean equalsIgnoreCase(byte[] bytes, int from, int to, String lower) {
        if (to - from != lower.length()) {
            return false;
        }
        for (int i = 0; i < lower.length(); i++) {
            byte b = bytes[from + i];
            if ((b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b) != lower.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
