package io.sluice.loadtests.harness;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** Just enough of ASN.1's distinguished encoding to write certificates that nobody else would issue. */
final class Der {
    private static final DateTimeFormatter UTC_TIME =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    private static final int CONTEXT = 0x80;
    private static final int CONSTRUCTED = 0x20;

    private Der() {}

    private static byte[] value(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        int length = content.size();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else if (length < 0x100) {
            out.write(0x81);
            out.write(length);
        } else {
            out.write(0x82);
            out.write(length >> 8);
            out.write(length);
        }
        out.writeBytes(content.toByteArray());
        return out.toByteArray();
    }

    static byte[] sequence(byte[]... parts) {
        return value(0x30, parts);
    }

    static byte[] sequence(List<byte[]> parts) {
        return sequence(parts.toArray(byte[][]::new));
    }

    static byte[] set(byte[]... parts) {
        return value(0x31, parts);
    }

    static byte[] integer(BigInteger number) {
        return value(0x02, number.toByteArray());
    }

    static byte[] truth() {
        return value(0x01, new byte[] {(byte) 0xff});
    }

    static byte[] nothing() {
        return value(0x05);
    }

    static byte[] octets(byte[] bytes) {
        return value(0x04, bytes);
    }

    static byte[] bits(int unused, byte[] bytes) {
        return value(0x03, new byte[] {(byte) unused}, bytes);
    }

    static byte[] text(String text) {
        return value(0x0c, text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] time(Instant time) {
        return value(0x17, UTC_TIME.format(time).getBytes(StandardCharsets.US_ASCII));
    }

    /** An explicit context tag around a value. */
    static byte[] tagged(int number, byte[] inner) {
        return value(CONTEXT | CONSTRUCTED | number, inner);
    }

    /** An implicit context tag in place of a primitive value's own. */
    static byte[] implicit(int number, byte[] content) {
        return value(CONTEXT | number, content);
    }

    static byte[] oid(String dotted) {
        String[] arcs = dotted.split("\\.");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(Integer.parseInt(arcs[0]) * 40 + Integer.parseInt(arcs[1]));
        for (int i = 2; i < arcs.length; i++) {
            int arc = Integer.parseInt(arcs[i]);
            for (int shift = 28; shift > 0; shift -= 7) {
                if (arc >> shift != 0) {
                    out.write(0x80 | ((arc >> shift) & 0x7f));
                }
            }
            out.write(arc & 0x7f);
        }
        return value(0x06, out.toByteArray());
    }
}
