package io.sluice.xdsserver.snapshot;

import io.sluice.xdsserver.translate.NodeGroup;
import java.util.Optional;

/** What the streams read: the newest snapshot of a group, and a call when there is a newer one. */
public interface SnapshotSource {

    /** The snapshot now in force, or empty before the first full sync. Any thread; never blocks. */
    Optional<Snapshot> current(NodeGroup group);

    /**
     * Asks for a call at each new snapshot of a group, on the publisher's thread; the listener only takes a note and returns. It reads
     * {@link #current} when it gets to it, so a slow stream skips what is outdated.
     */
    Watch watch(NodeGroup group, Runnable onChange);

    /** Ends one interest. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }
}
