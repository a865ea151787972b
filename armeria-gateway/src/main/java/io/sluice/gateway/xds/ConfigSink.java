package io.sluice.gateway.xds;

import java.util.Map;
import java.util.Set;

/** What the stream's resources go into. Called by one thread. */
public interface ConfigSink {
    /**
     * Compiles all resources together without putting anything in force.
     *
     * @param gaveUp names waited for long enough: what needs them goes on without them
     */
    Candidate compile(Resources resources, Set<ResourceKey> gaveUp);

    /**
     * Puts a candidate in force, whole.
     *
     * @return what could not be, and why: a listener whose port is taken; the next call tries again
     */
    Map<ResourceKey, String> publish(Candidate candidate);

    /** All resources, compiled; those refused are left out of it. */
    interface Candidate {
        /** What is wrong, by resource. */
        Map<ResourceKey, String> refused();

        /** Resources that others name, to be asked for by name. */
        Set<ResourceKey> wanted();
    }
}
