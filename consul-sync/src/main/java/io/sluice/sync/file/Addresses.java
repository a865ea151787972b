package io.sluice.sync.file;

import io.netty.util.NetUtil;
import java.util.Optional;

/** IP addresses as text. Names are not looked up: whoever calls an instance must not wait for a resolver. */
public final class Addresses {
    /** What a problem with an address expects. */
    public static final String EXPECTED = "an IP address, such as 10.0.0.7 or fd00::7";

    private Addresses() {}

    public static boolean isIp(String text) {
        return NetUtil.isValidIpV4Address(text) || (text.indexOf('%') < 0 && NetUtil.isValidIpV6Address(text));
    }

    /** Whether something can be called there: an IP address that is not 0.0.0.0 or ::. */
    public static boolean isCallable(String text) {
        return isIp(text) && !NetUtil.createInetAddressFromIpAddressString(text).isAnyLocalAddress();
    }

    /** {@code 10.0.0.7:80} or {@code [fd00::7]:80} in its two parts; empty when it is neither. */
    static Optional<String[]> split(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            return Optional.empty();
        }
        String host = text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        String address = bracketed ? host.substring(1, host.length() - 1) : host;
        return bracketed == address.contains(":")
                ? Optional.of(new String[] {address, text.substring(colon + 1)})
                : Optional.empty();
    }
}
