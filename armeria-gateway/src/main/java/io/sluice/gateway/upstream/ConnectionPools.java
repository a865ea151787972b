package io.sluice.gateway.upstream;

import io.netty.channel.EventLoop;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.cluster.breaker.Breakers;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Every loop's pools. A pool goes with its endpoint. */
final class ConnectionPools {
    private final Map<EventLoop, Map<LiveEndpoint, EndpointPool>> loops = new ConcurrentHashMap<>();

    /** The calling loop's pool for an endpoint. */
    EndpointPool pool(EventLoop loop, Cluster cluster, LiveEndpoint endpoint, Breakers breakers) {
        Map<LiveEndpoint, EndpointPool> pools = loops.computeIfAbsent(loop, l -> new IdentityHashMap<>());
        EndpointPool pool = pools.get(endpoint);
        if (pool == null) {
            pool = new EndpointPool(loop, cluster, endpoint, breakers);
            pools.put(endpoint, pool);
            endpoint.onRemoval(() -> drop(endpoint));
            if (endpoint.isRemoved()) {
                drop(endpoint);
            }
        }
        return pool;
    }

    private void drop(LiveEndpoint endpoint) {
        loops.forEach((loop, pools) -> loop.execute(() -> {
            EndpointPool pool = pools.remove(endpoint);
            if (pool != null) {
                pool.close();
            }
        }));
    }

    void close() {
        loops.forEach((loop, pools) -> loop.execute(() -> {
            pools.values().forEach(EndpointPool::close);
            pools.clear();
        }));
    }
}
