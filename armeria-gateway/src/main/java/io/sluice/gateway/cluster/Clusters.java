package io.sluice.gateway.cluster;

import org.jspecify.annotations.Nullable;

/** The clusters in force, by name. Any thread, never blocks. */
public interface Clusters {
    /** Null when there is none of that name (Envoy answers 503 NC then). */
    @Nullable
    Cluster get(String name);
}
