package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Endpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The addresses behind the names of a cluster; a name that cannot be looked up keeps what it had. */
final class DnsWatch {
    private final DnsAssignment names;
    private final DnsResolver resolver;
    private final Consumer<LoadAssignment> listener;
    private final Map<String, List<InetAddress>> known = new HashMap<>();

    DnsWatch(DnsAssignment names, DnsResolver resolver, Consumer<LoadAssignment> listener) {
        this.names = names;
        this.resolver = resolver;
        this.listener = listener;
    }

    void refresh() {
        names.names().stream()
                .map(DnsAssignment.Name::host)
                .distinct()
                .forEach(host -> resolver.resolve(host, addresses -> resolved(host, addresses)));
    }

    private synchronized void resolved(String host, List<InetAddress> addresses) {
        // servers turn the order from answer to answer
        List<InetAddress> sorted = addresses.stream()
                .distinct()
                .sorted(Comparator.comparing(InetAddress::getHostAddress))
                .toList();
        if (sorted.isEmpty() || sorted.equals(known.put(host, sorted))) {
            return;
        }
        List<Endpoint> endpoints = new ArrayList<>();
        for (DnsAssignment.Name name : names.names()) {
            for (InetAddress address : known.getOrDefault(name.host(), List.of())) {
                endpoints.add(name.at(
                        new InetSocketAddress(address, name.port()),
                        name.hostname().isEmpty() ? name.host() : name.hostname()));
            }
        }
        listener.accept(names.frame().withEndpoints(endpoints));
    }
}
