package io.sluice.gateway.wire;

/** What a Host may be: a name or an address, and a port. Source: RFC 9110 section 7.2, RFC 3986 section 3.2.2. */
final class Authority {
    private static final int MAX_PORT = 65_535;

    private Authority() {}

    static boolean isOne(byte[] bytes, int from, int to) {
        if (from >= to) {
            return false;
        }
        int port;
        if (bytes[from] == '[') {
            int close = from + 1;
            while (close < to && isAddressByte(bytes[close])) {
                close++;
            }
            if (close >= to || bytes[close] != ']' || close - from < 3) {
                return false;
            }
            port = close + 1;
        } else {
            port = ByteClass.end(ByteClass.HOST, bytes, from, to);
            if (port == from) {
                return false;
            }
        }
        return port == to || (bytes[port] == ':' && isPort(bytes, port + 1, to));
    }

    /** Of an IPv6 address, which may end as an IPv4 address. */
    private static boolean isAddressByte(byte b) {
        return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'f') || (b >= 'A' && b <= 'F') || b == ':' || b == '.';
    }

    private static boolean isPort(byte[] bytes, int from, int to) {
        int port = 0;
        for (int i = from; i < to; i++) {
            if (bytes[i] < '0' || bytes[i] > '9') {
                return false;
            }
            port = port * 10 + bytes[i] - '0';
            if (port > MAX_PORT) {
                return false;
            }
        }
        return true;
    }
}
