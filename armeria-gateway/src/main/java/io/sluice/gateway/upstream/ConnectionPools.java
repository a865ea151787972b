package io.sluice.gateway.upstream;

import io.netty.channel.EventLoop;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.cluster.breaker.Breakers;
import io.sluice.gateway.upstream.CallPolicy.Priority;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Every loop's pools, for each routing priority one of its own. A pool goes with its endpoint. */
final class ConnectionPools {
    private final Map<EventLoop, Map<LiveEndpoint, Map<Priority, EndpointPool>>> loops = new ConcurrentHashMap<>();

    /** The calling loop's pool for an endpoint. */
    EndpointPool pool(EventLoop loop, Cluster cluster, LiveEndpoint endpoint, Priority priority) {
        Map<LiveEndpoint, Map<Priority, EndpointPool>> pools =
                loops.computeIfAbsent(loop, l -> new IdentityHashMap<>());
        Map<Priority, EndpointPool> known = pools.get(endpoint);
        if (known == null) {
            known = new EnumMap<>(Priority.class);
            pools.put(endpoint, known);
            endpoint.onRemoval(() -> drop(endpoint));
        }
        EndpointPool pool = known.get(priority);
        if (pool == null) {
            pool = new EndpointPool(loop, cluster, endpoint, breakers(cluster, priority));
            known.put(priority, pool);
            if (endpoint.isRemoved()) {
                drop(endpoint);
            }
        }
        return pool;
    }

    static Breakers breakers(Cluster cluster, Priority priority) {
        return switch (priority) {
            case DEFAULT -> cluster.defaultBreakers();
            case HIGH -> cluster.highBreakers();
        };
    }

    private void drop(LiveEndpoint endpoint) {
        loops.forEach((loop, pools) -> loop.execute(() -> {
            Map<Priority, EndpointPool> gone = pools.remove(endpoint);
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
