package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.RequestHeaders;
import io.netty.channel.EventLoop;
import io.sluice.gateway.cluster.Cluster;

/** Makes calls to clusters. One per process; closes its connections with it. */
public interface Upstream extends AutoCloseable {

    /**
     * Starts a call on the given loop, whose thread the caller is on. Outcomes, failures too, arrive through the listener and never from
     * inside this method.
     *
     * @param headers as they shall arrive, with the pseudo headers; the path goes out byte for byte
     * @param end whether the request has no body
     */
    UpstreamCall start(
            Cluster cluster,
            EventLoop loop,
            RequestHeaders headers,
            boolean end,
            CallPolicy policy,
            UpstreamCall.Listener listener);

    @Override
    void close();
}
