package io.sluice.gateway.cluster.lb;

import java.nio.charset.StandardCharsets;

/** xxHash64, with which Envoy hashes keys. Source: the xxHash specification, "XXH64 algorithm description". */
public final class XxHash64 {
    private static final long P1 = 0x9E3779B185EBCA87L;
    private static final long P2 = 0xC2B2AE3D27D4EB4FL;
    private static final long P3 = 0x165667B19E3779F9L;
    private static final long P4 = 0x85EBCA77C2B2AE63L;
    private static final long P5 = 0x27D4EB2F165667C5L;
    private static final int STRIPE = 32;

    private XxHash64() {}

    /** Of the bytes of a header value or an address: a character is a byte. */
    public static long hash(String text) {
        return hash(text, 0);
    }

    public static long hash(String text, long seed) {
        return hash(text.getBytes(StandardCharsets.ISO_8859_1), seed);
    }

    static long hash(byte[] bytes, long seed) {
        int at = 0;
        long hash;
        if (bytes.length >= STRIPE) {
            long a = seed + P1 + P2;
            long b = seed + P2;
            long c = seed;
            long d = seed - P1;
            for (; at + STRIPE <= bytes.length; at += STRIPE) {
                a = round(a, LittleEndian.number(bytes, at, Long.BYTES));
                b = round(b, LittleEndian.number(bytes, at + Long.BYTES, Long.BYTES));
                c = round(c, LittleEndian.number(bytes, at + 2 * Long.BYTES, Long.BYTES));
                d = round(d, LittleEndian.number(bytes, at + 3 * Long.BYTES, Long.BYTES));
            }
            hash = Long.rotateLeft(a, 1) + Long.rotateLeft(b, 7) + Long.rotateLeft(c, 12) + Long.rotateLeft(d, 18);
            hash = merge(merge(merge(merge(hash, a), b), c), d);
        } else {
            hash = seed + P5;
        }
        hash += bytes.length;
        for (; at + Long.BYTES <= bytes.length; at += Long.BYTES) {
            hash ^= round(0, LittleEndian.number(bytes, at, Long.BYTES));
            hash = Long.rotateLeft(hash, 27) * P1 + P4;
        }
        if (at + Integer.BYTES <= bytes.length) {
            hash ^= LittleEndian.number(bytes, at, Integer.BYTES) * P1;
            hash = Long.rotateLeft(hash, 23) * P2 + P3;
            at += Integer.BYTES;
        }
        for (; at < bytes.length; at++) {
            hash ^= (bytes[at] & 0xFF) * P5;
            hash = Long.rotateLeft(hash, 11) * P1;
        }
        hash = (hash ^ (hash >>> 33)) * P2;
        hash = (hash ^ (hash >>> 29)) * P3;
        return hash ^ (hash >>> 32);
    }

    private static long round(long lane, long input) {
        return Long.rotateLeft(lane + input * P2, 31) * P1;
    }

    private static long merge(long hash, long lane) {
        return (hash ^ round(0, lane)) * P1 + P4;
    }
}
