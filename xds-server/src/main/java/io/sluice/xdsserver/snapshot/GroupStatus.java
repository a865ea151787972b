package io.sluice.xdsserver.snapshot;

import io.sluice.xdsserver.translate.NodeGroup;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How one group does, for people.
 *
 * @param serving the snapshot in force; empty before the first
 * @param refusal present while a newer one is refused, so that {@code serving} is the last good one
 */
public record GroupStatus(NodeGroup group, Optional<Snapshot> serving, Optional<Refusal> refusal) {

    /**
     * A snapshot that was not published.
     *
     * @param reasons one line each, at least one
     * @param since when the first one was refused since the last that was published
     */
    public record Refusal(List<String> reasons, Instant since) {
        public Refusal {
            reasons = List.copyOf(reasons);
        }
    }
}
