package io.sluice.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;

/** Names of headers as old programs want them: {@code X-Request-Id}. Source: Envoy source/common/http/http1/header_formatter.cc. */
public final class ProperCase {
    private ProperCase() {}

    /** A letter at the beginning, and behind what is neither letter nor digit, is written large. */
    public static void write(ByteBuf out, AsciiString name) {
        boolean begins = true;
        for (int i = 0; i < name.length(); i++) {
            byte c = name.byteAt(i);
            boolean letter = c >= 'a' && c <= 'z';
            out.writeByte(begins && letter ? c - 'a' + 'A' : c);
            begins = !letter && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z');
        }
    }
}
