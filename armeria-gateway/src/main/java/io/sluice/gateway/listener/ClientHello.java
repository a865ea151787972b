package io.sluice.gateway.listener;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a caller says before it knows whom it talks to.
 *
 * @param serverName in lower case; empty where it asks for none
 * @param alpn that it offers, in its order
 * @param ecdsa whether it can check ECDSA's signatures
 */
record ClientHello(Optional<String> serverName, List<String> alpn, boolean ecdsa) {
    /** Of all its records together; what is longer is nobody's hello. */
    static final int MAX_BYTES = 64 * 1024;

    private static final int HANDSHAKE = 22;
    private static final int RECORD_HEAD = 5;
    private static final int CLIENT_HELLO = 1;
    private static final int SERVER_NAME = 0;
    private static final int GROUPS = 10;
    private static final int SIGNATURE_ALGORITHMS = 13;
    private static final int ALPN = 16;
    private static final int VERSIONS = 43;
    private static final int TLS_1_3 = 0x0304;

    ClientHello {
        alpn = List.copyOf(alpn);
    }

    /** What its first bytes look like. */
    enum Look {
        MORE_NEEDED,
        CLEAR_TEXT,
        TLS
    }

    static Look look(ByteBuf bytes) {
        int at = bytes.readerIndex();
        if (bytes.readableBytes() > 0 && bytes.getUnsignedByte(at) != HANDSHAKE) {
            return Look.CLEAR_TEXT;
        }
        if (bytes.readableBytes() < 3) {
            return Look.MORE_NEEDED;
        }
        return bytes.getUnsignedByte(at + 1) == 3 ? Look.TLS : Look.CLEAR_TEXT;
    }

    /**
     * Reads without consuming.
     *
     * @return empty where more bytes are needed
     * @throws IllegalArgumentException where it is none
     */
    static Optional<ClientHello> read(ByteBuf bytes) {
        ByteBuf message = bytes.alloc().buffer();
        try {
            int at = bytes.readerIndex();
            while (true) {
                if (message.readableBytes() >= 4) {
                    check(message.getUnsignedByte(0) == CLIENT_HELLO);
                    int length = message.getUnsignedMedium(1);
                    check(length <= MAX_BYTES);
                    if (message.readableBytes() >= 4 + length) {
                        return Optional.of(parse(message.slice(4, length)));
                    }
                }
                if (bytes.writerIndex() - at < RECORD_HEAD) {
                    return Optional.empty();
                }
                check(bytes.getUnsignedByte(at) == HANDSHAKE && bytes.getUnsignedByte(at + 1) == 3);
                int length = bytes.getUnsignedShort(at + 3);
                check(length > 0 && message.readableBytes() + length <= MAX_BYTES);
                if (bytes.writerIndex() - at < RECORD_HEAD + length) {
                    return Optional.empty();
                }
                message.writeBytes(bytes, at + RECORD_HEAD, length);
                at += RECORD_HEAD + length;
            }
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("a field that is longer than what holds it", e);
        } finally {
            message.release();
        }
    }

    private static void check(boolean right) {
        if (!right) {
            throw new IllegalArgumentException("no ClientHello");
        }
    }

    private static ClientHello parse(ByteBuf hello) {
        hello.skipBytes(2 + 32); // version, random
        hello.skipBytes(hello.readUnsignedByte()); // session
        ByteBuf suites = hello.readSlice(hello.readUnsignedShort());
        hello.skipBytes(hello.readUnsignedByte()); // compression
        Optional<String> serverName = Optional.empty();
        List<String> alpn = List.of();
        boolean signs = false;
        boolean curve = false;
        boolean newest = false;
        if (hello.readableBytes() >= 2) {
            ByteBuf extensions = hello.readSlice(hello.readUnsignedShort());
            while (extensions.isReadable()) {
                int type = extensions.readUnsignedShort();
                ByteBuf content = extensions.readSlice(extensions.readUnsignedShort());
                switch (type) {
                    case SERVER_NAME -> serverName = serverName(content);
                    case ALPN -> alpn = alpn(content);
                    case SIGNATURE_ALGORITHMS -> signs = holds(content.skipBytes(2), 0x0403);
                    case GROUPS -> curve = holds(content.skipBytes(2), 23);
                    case VERSIONS -> newest = holds(content.skipBytes(1), TLS_1_3);
                    default -> {}
                }
            }
        }
        boolean ecdsa = newest ? signs : curve && hasEcdsaSuite(suites);
        return new ClientHello(serverName, alpn, ecdsa);
    }

    private static Optional<String> serverName(ByteBuf content) {
        if (content.readableBytes() < 5) {
            return Optional.empty();
        }
        content.skipBytes(3); // the list's length, and that it is a host
        int length = content.readUnsignedShort();
        return Optional.of(content.readCharSequence(length, StandardCharsets.US_ASCII)
                .toString()
                .toLowerCase(Locale.ROOT));
    }

    private static List<String> alpn(ByteBuf content) {
        List<String> names = new ArrayList<>();
        content.skipBytes(2);
        while (content.isReadable()) {
            names.add(content.readCharSequence(content.readUnsignedByte(), StandardCharsets.US_ASCII)
                    .toString());
        }
        return names;
    }

    private static boolean holds(ByteBuf values, int wanted) {
        while (values.readableBytes() >= 2) {
            if (values.readUnsignedShort() == wanted) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasEcdsaSuite(ByteBuf suites) {
        while (suites.readableBytes() >= 2) {
            switch (suites.readUnsignedShort()) {
                case 0xc009, 0xc00a, 0xc023, 0xc024, 0xc02b, 0xc02c, 0xcca9 -> {
                    return true;
                }
                default -> {}
            }
        }
        return false;
    }
}
