package io.sluice.gateway.route;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Addresses with the same first bits. */
public final class AddressRange {
    private final byte[] prefix;
    private final int bits;

    private AddressRange(byte[] prefix, int bits) {
        this.prefix = prefix;
        this.bits = bits;
    }

    /** @return empty where the address is none, or has fewer bits */
    public static Optional<AddressRange> of(String address, int bits) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        return bytes == null || bits < 0 || bits > bytes.length * 8
                ? Optional.empty()
                : Optional.of(new AddressRange(bytes, bits));
    }

    public int bits() {
        return bits;
    }

    public boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length != prefix.length) {
            return false;
        }
        int whole = bits / 8;
        if (!Arrays.equals(bytes, 0, whole, prefix, 0, whole)) {
            return false;
        }
        int rest = bits % 8;
        int mask = 0xff << (8 - rest);
        return rest == 0 || (bytes[whole] & mask) == (prefix[whole] & mask);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof AddressRange range && range.bits == bits && Arrays.equals(range.prefix, prefix);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(prefix) + bits;
    }
}
