package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.RequestHeaders;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoop;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.secret.Secrets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Calls over connections pooled per event loop and endpoint, as Envoy's workers keep theirs. */
public final class PooledUpstream implements Upstream {
    private final TlsClients tls;
    private final ConnectionPools pools;
    private final Map<String, ClusterMeters> meters = new ConcurrentHashMap<>();
    private final MeterRegistry registry;

    public PooledUpstream(MeterRegistry registry) {
        this.registry = registry;
        tls = new TlsClients(registry);
        pools = new ConnectionPools(tls);
    }

    /** From now on new connections are made with these. */
    public void secrets(Secrets secrets) {
        tls.secrets(secrets);
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
