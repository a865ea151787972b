package io.sluice.gateway.cluster;

import java.net.InetAddress;
import java.util.List;
import java.util.function.Consumer;

/** Looks names up. */
public interface DnsResolver {
    /** Never blocks. @param result all addresses, empty where the look-up failed; once, on any thread */
    void resolve(String host, Consumer<List<InetAddress>> result);
}
