package io.sluice.gateway.wire;

import io.netty.util.AsciiString;

/** Headers in which the guard hands on what it found; whatever a caller sends under these names is replaced or removed. */
public final class WireMarks {
    /** The path as it came, byte for byte; on every request. Armeria itself sees {@code /}. */
    public static final AsciiString PATH = AsciiString.cached("x-sluice-wire-path");

    /** Status and Envoy's details of a request that is not let in: {@code 400 http1.duplicate_host}. */
    public static final AsciiString REFUSAL = AsciiString.cached("x-sluice-wire-refusal");

    private WireMarks() {}
}
