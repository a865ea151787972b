package io.sluice.gateway.upstream;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import org.slf4j.LoggerFactory;

/** How this machine is known to others. Envoy tells upstreams so who called, where the caller is on the machine itself. */
public final class OwnAddress {
    /** The first IPv4 address that is not the loopback's; the loopback's where there is no other. */
    public static final InetAddress OF_MACHINE = find();

    private OwnAddress() {}

    private static InetAddress find() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
                    .findFirst()
                    .orElseGet(InetAddress::getLoopbackAddress);
        } catch (SocketException e) {
            LoggerFactory.getLogger(OwnAddress.class).warn("no network interfaces reason={}", e.getMessage());
            return InetAddress.getLoopbackAddress();
        }
    }
}
