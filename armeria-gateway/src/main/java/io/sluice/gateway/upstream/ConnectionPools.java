package io.sluice.gateway.upstream;

import io.netty.channel.EventLoop;
import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.cluster.breaker.Breakers;
import io.sluice.gateway.upstream.CallPolicy.Priority;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Every loop's pools, for each routing priority one of its own. A pool goes with its endpoint. */
final class ConnectionPools {
    /** So many pools of one endpoint are looked through for empty ones before there is one more. */
    private static final int MANY = 16;

    private final TlsClients tls;
    private final Map<EventLoop, Map<LiveEndpoint, Map<Key, EndpointPool>>> loops = new ConcurrentHashMap<>();

    ConnectionPools(TlsClients tls) {
        this.tls = tls;
    }

    /** @param serverName that TLS asks for where the request's host decides; else empty */
    private record Key(Priority priority, String serverName) {}

    /** The calling loop's pool for an endpoint. */
    EndpointPool pool(
            EventLoop loop, Cluster cluster, LiveEndpoint endpoint, Priority priority, @Nullable String host) {
        Map<LiveEndpoint, Map<Key, EndpointPool>> pools = loops.computeIfAbsent(loop, l -> new IdentityHashMap<>());
        Map<Key, EndpointPool> known = pools.get(endpoint);
        if (known == null) {
            known = new HashMap<>();
            pools.put(endpoint, known);
            endpoint.onRemoval(() -> drop(endpoint));
        }
        String serverName = cluster.spec().sockets().nameFromHost() ? bare(host) : "";
        Key key = new Key(priority, serverName);
        EndpointPool pool = known.get(key);
        if (pool == null) {
            if (known.size() >= MANY) {
                known.values().removeIf(EndpointPool::isEmpty); // callers choose hosts
            }
            pool = new EndpointPool(loop, cluster, endpoint, breakers(cluster, priority), tls, serverName);
            known.put(key, pool);
            if (endpoint.isRemoved()) {
                drop(endpoint);
            }
        }
        return pool;
    }

    /** Without its port; an address is no name. */
    private static String bare(@Nullable String host) {
        if (host == null || host.startsWith("[")) {
            return "";
        }
        int colon = host.indexOf(':');
        String name = colon < 0 ? host : host.substring(0, colon);
        return NetUtil.isValidIpV4Address(name) ? "" : name;
    }

    static Breakers breakers(Cluster cluster, Priority priority) {
        return switch (priority) {
            case DEFAULT -> cluster.defaultBreakers();
            case HIGH -> cluster.highBreakers();
        };
    }

    private void drop(LiveEndpoint endpoint) {
        loops.forEach((loop, pools) -> loop.execute(() -> {
            Map<Key, EndpointPool> gone = pools.remove(endpoint);
            if (gone != null) {
                gone.values().forEach(EndpointPool::close);
            }
        }));
    }

    void close() {
        loops.forEach((loop, pools) -> loop.execute(() -> {
            pools.values().forEach(each -> each.values().forEach(EndpointPool::close));
            pools.clear();
        }));
    }
}
