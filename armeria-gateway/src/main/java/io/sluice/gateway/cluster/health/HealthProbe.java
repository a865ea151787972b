package io.sluice.gateway.cluster.health;

import io.sluice.gateway.endpoint.Endpoint;
import java.util.function.Consumer;

/** Makes one active check. What speaks HTTP stands left of this package and is given in. */
public interface HealthProbe {
    /**
     * Never blocks.
     *
     * @param result once, on any thread, within the policy's timeout
     */
    void check(Endpoint endpoint, HealthCheckPolicy policy, Consumer<Result> result);

    enum Result {
        PASSED,
        /** An answer with a status that is not expected: the endpoint is unhealthy whatever the threshold. */
        REFUSED,
        SILENT
    }
}
