package io.sluice.gateway.cluster.health;

import io.sluice.gateway.endpoint.Endpoint;
import java.util.function.Consumer;

/** Makes one active check. What speaks HTTP stands left of this package and is given in. */
public interface HealthProbe {
    /**
     * Never blocks.
     *
     * @param http2 whether to speak HTTP/2 with prior knowledge
     * @param result whether it passed, once, on any thread, within the policy's timeout
     */
    void check(Endpoint endpoint, boolean http2, HealthCheckPolicy policy, Consumer<Boolean> result);
}
