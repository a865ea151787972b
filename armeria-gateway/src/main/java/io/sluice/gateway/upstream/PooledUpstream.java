package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.RequestHeaders;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoop;
import io.sluice.gateway.cluster.Cluster;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Calls over connections pooled per event loop and endpoint, as Envoy's workers keep theirs. */
public final class PooledUpstream implements Upstream {
    private final ConnectionPools pools = new ConnectionPools();
    private final Map<String, ClusterMeters> meters = new ConcurrentHashMap<>();
    private final MeterRegistry registry;

    public PooledUpstream(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public UpstreamCall start(
            Cluster cluster,
            EventLoop loop,
            RequestHeaders headers,
            boolean end,
            CallPolicy policy,
            UpstreamCall.Listener listener) {
        ClusterMeters counted = meters.computeIfAbsent(cluster.name(), name -> new ClusterMeters(registry, name));
        ClusterCall call = new ClusterCall(pools, cluster, counted, loop, headers, end, policy, listener);
        loop.execute(call::begin);
        return call;
    }

    @Override
    public void close() {
        pools.close();
    }
}
