package io.sluice.gateway.listener;

import io.netty.buffer.ByteBuf;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The PROXY protocol's header, version 1 or 2, in which a balancer says whose connection it passes on.
 *
 * @param source null where it says nothing of that
 * @param length in bytes
 */
record ProxyHeader(
        @Nullable InetSocketAddress source, @Nullable InetSocketAddress destination, int length) {
    private static final byte[] V1 = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] V2 = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    private static final int V2_HEAD = 16;
    private static final int MAX_V1_LENGTH = 107;

    /** What the first bytes are. */
    sealed interface Read {
        record More() implements Read {}

        /** No such header begins like that. */
        record None() implements Read {}

        record Wrong() implements Read {}

        record Found(ProxyHeader header) implements Read {}
    }

    /** Reads without consuming. */
    static Read read(ByteBuf bytes) {
        boolean v1 = begins(bytes, V1);
        boolean v2 = begins(bytes, V2);
        if (!v1 && !v2) {
            return new Read.None();
        }
        if (v2 && bytes.readableBytes() >= V2.length) {
            return version2(bytes);
        }
        if (v1 && bytes.readableBytes() >= V1.length) {
            return version1(bytes);
        }
        return new Read.More();
    }

    private static boolean begins(ByteBuf bytes, byte[] signature) {
        int length = Math.min(signature.length, bytes.readableBytes());
        for (int i = 0; i < length; i++) {
            if (bytes.getByte(bytes.readerIndex() + i) != signature[i]) {
                return false;
            }
        }
        return true;
    }

    private static Read version1(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.indexOf(at, bytes.writerIndex(), (byte) '\n');
        if (end < 0) {
            return bytes.readableBytes() < MAX_V1_LENGTH ? new Read.More() : new Read.Wrong();
        }
        int length = end - at + 1;
        if (length > MAX_V1_LENGTH || bytes.getByte(end - 1) != '\r') {
            return new Read.Wrong();
        }
        String[] words =
                bytes.toString(at, length - 2, StandardCharsets.US_ASCII).split(" ", -1);
        if (words.length >= 2 && words[1].equals("UNKNOWN")) {
            return new Read.Found(new ProxyHeader(null, null, length));
        }
        if (words.length != 6 || !(words[1].equals("TCP4") || words[1].equals("TCP6"))) {
            return new Read.Wrong();
        }
        int size = words[1].equals("TCP4") ? 4 : 16;
        InetSocketAddress source = address(words[2], words[4], size);
        InetSocketAddress destination = address(words[3], words[5], size);
        return source == null || destination == null
                ? new Read.Wrong()
                : new Read.Found(new ProxyHeader(source, destination, length));
    }

    private static @Nullable InetSocketAddress address(String ip, String port, int size) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(ip);
        if (bytes == null || bytes.length != size || !port.matches("\\d{1,5}") || Integer.parseInt(port) > 65_535) {
            return null;
        }
        return new InetSocketAddress(address(bytes), Integer.parseInt(port));
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
        }
    }

    private static Read version2(ByteBuf bytes) {
        int at = bytes.readerIndex();
        if (bytes.readableBytes() < V2_HEAD) {
            return new Read.More();
        }
        int command = bytes.getUnsignedByte(at + 12);
        int family = bytes.getUnsignedByte(at + 13);
        int rest = bytes.getUnsignedShort(at + 14);
        if (command != 0x20 && command != 0x21) {
            return new Read.Wrong();
        }
        if (bytes.readableBytes() < V2_HEAD + rest) {
            return new Read.More();
        }
        int length = V2_HEAD + rest;
        if (command == 0x20) {
            return new Read.Found(new ProxyHeader(null, null, length));
        }
        int size = family == 0x11 ? 4 : family == 0x21 ? 16 : 0;
        if (size == 0 || rest < 2 * size + 4) {
            return new Read.Wrong();
        }
        byte[] source = new byte[size];
        byte[] destination = new byte[size];
        bytes.getBytes(at + V2_HEAD, source);
        bytes.getBytes(at + V2_HEAD + size, destination);
        int ports = at + V2_HEAD + 2 * size;
        return new Read.Found(new ProxyHeader(
                new InetSocketAddress(address(source), bytes.getUnsignedShort(ports)),
                new InetSocketAddress(address(destination), bytes.getUnsignedShort(ports + 2)),
                length));
    }
}
