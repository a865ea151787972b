package io.sluice.gateway.compile;

import io.sluice.gateway.cluster.ClusterSpec;
import io.sluice.gateway.cluster.LoadAssignment;
import io.sluice.gateway.secret.Secrets;
import java.util.List;
import java.util.Map;

/**
 * Everything the gateway obeys at one moment. Immutable, published whole.
 *
 * @param assignments by the name under which clusters ask for their endpoints
 */
public record CompiledConfig(
        List<ClusterSpec> clusters,
        Map<String, LoadAssignment> assignments,
        List<CompiledListener> listeners,
        Secrets secrets) {
    public CompiledConfig {
        clusters = List.copyOf(clusters);
        assignments = Map.copyOf(assignments);
        listeners = List.copyOf(listeners);
    }
}
