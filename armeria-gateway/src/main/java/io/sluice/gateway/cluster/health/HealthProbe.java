package io.sluice.gateway.cluster.health;

import io.sluice.gateway.endpoint.Endpoint;
import java.util.function.Consumer;

/** Makes one active check. What speaks to endpoints stands left of this package and is given in. */
public interface HealthProbe {
    /**
     * Never blocks.
     *
     * @param result once, on any thread, within the policy's timeout
     */
    void check(Endpoint endpoint, HealthCheckPolicy policy, Consumer<Result> result);

    enum Result {
        PASSED,
        /** Passed, and asks for no more load than is needed. */
        DEGRADED,
        /** An answer that is not expected: the endpoint is unhealthy whatever the threshold. */
        REFUSED,
        /** No answer, or one after which the threshold counts. */
        SILENT;

        public boolean passed() {
            return this == PASSED || this == DEGRADED;
        }
    }
}
