package io.sluice.gateway.cluster;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** The operating system's resolver, whose calls block: on an executor of its own. */
public final class SystemDnsResolver implements DnsResolver {
    private final Executor blocking;

    public SystemDnsResolver(Executor blocking) {
        this.blocking = blocking;
    }

    @Override
    public void resolve(String host, Consumer<List<InetAddress>> result) {
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
        if (literal != null) {
            result.accept(List.of(literal));
            return;
        }
        blocking.execute(() -> {
            try {
                result.accept(List.of(InetAddress.getAllByName(host)));
            } catch (UnknownHostException e) {
                result.accept(List.of());
            }
        });
    }
}
