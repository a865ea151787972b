package io.sluice.sync.source;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How a source does.
 *
 * @param synced whether a first whole catalog was reported
 * @param lostSince since when the source cannot be read; what it said before stays in force
 * @param waitingFor the parts not read yet, or not readable now, by name
 * @param heldBack the parts whose newest answer is not believed, each with the reason; what they said before stays in force
 */
public record SourceStatus(
        boolean synced, Optional<Instant> lostSince, List<String> waitingFor, List<String> heldBack) {
    public SourceStatus {
        waitingFor = List.copyOf(waitingFor);
        heldBack = List.copyOf(heldBack);
    }

    /** Of a source that believes whatever it reads. */
    public SourceStatus(boolean synced, Optional<Instant> lostSince, List<String> waitingFor) {
        this(synced, lostSince, waitingFor, List.of());
    }
}
